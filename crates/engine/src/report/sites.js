// The table of sites: choose, find, sort; the profile of the chosen site.

const dimensions = { gender_plus: "Gender (F+, M+: with others by a coin)", age_band: "Age", region: "Region" };
const firstRows = 15;

function startSites() {
  const body = at("sites-table").tBodies[0];
  const rows = [...body.rows].map(node => ({ node, it: data.web.rows[Number(node.dataset.row)] }));
  const sorting = { key: "people", down: true };
  let all = false;
  for (const { node, it } of rows) {
    const cell = node.cells[0];
    if (it.groups.length) cell.replaceChildren(h("button", { type: "button", onclick: () => choose(it) }, it.label ?? it.name));
  }
  const choose = it => {
    change({ site: it.name });
    if (matchMedia("(max-width: 56rem)").matches) at("profile").scrollIntoView({ block: "nearest" });
  };
  const list = () => {
    const wanted = at("find").value.trim().toLowerCase();
    const fits = ({ it }) => it.kind === state.kind && (!state.category || it.category === state.category)
      && `${it.name} ${it.label ?? ""}`.toLowerCase().includes(wanted);
    const found = rows.filter(fits);
    for (const { node } of rows) node.hidden = true;
    const shown = all || wanted ? found : found.slice(0, firstRows);
    for (const { node } of shown) node.hidden = false;
    at("more").hidden = shown.length === found.length;
    at("more").textContent = `Show all ${group(found.length)}`;
    at("web-count").textContent = found.length ? `${group(found.filter(row => row.it.people).length)} of ${group(found.length)} published` : "Nothing with that name in the code list";
    at("category").hidden = state.kind !== "site" || !rows.some(row => row.it.kind === "category" || row.it.category);
  };
  const sort = () => {
    const value = ({ it }) => sorting.key === "people" ? it.people?.[0] : sorting.key === "reach" ? it.reach?.[0] : sorting.key === "name" ? (it.label ?? it.name) : it.category;
    rows.sort((a, b) => {
      const [left, right] = [value(a), value(b)];
      if (left === undefined || right === undefined) return (left === undefined) - (right === undefined);
      const order = typeof left === "string" ? left.localeCompare(right) : left - right;
      return sorting.down ? -order : order;
    });
    body.append(...rows.map(row => row.node));
    for (const head of at("sites-table").tHead.rows[0].cells) {
      if (head.dataset.sort === sorting.key) head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending"); else head.removeAttribute("aria-sort");
    }
    list();
  };
  for (const head of at("sites-table").tHead.rows[0].cells) {
    const key = head.dataset.sort;
    if (!key) continue;
    head.replaceChildren(h("button", { type: "button", onclick: () => {
      sorting.down = sorting.key === key ? !sorting.down : key === "people" || key === "reach";
      sorting.key = key;
      sort();
    } }, head.textContent));
  }
  const kinds = [["site", "Sites"], ["category", "Categories"]].filter(([kind]) => rows.some(row => row.it.kind === kind));
  if (!kinds.some(([kind]) => kind === state.kind)) state.kind = kinds[0]?.[0] ?? "site";
  const categories = [...new Set(rows.filter(row => row.it.kind === "site").map(row => row.it.category))].sort();
  at("category").append(h("option", { value: "" }, "All categories"), ...categories.map(name => h("option", { value: name }, name)));
  at("category").value = state.category;
  choices("kind", "kind", kinds);
  at("category").addEventListener("change", event => change({ category: event.target.value }));
  at("find").addEventListener("input", list);
  at("more").addEventListener("click", () => { all = true; list(); });
  on(["kind", "category"], () => {
    all = false;
    if (state.kind === "category" && state.category) change({ category: "" });
    at("category").value = state.category;
    list();
  });
  if (!rows.some(row => row.it.name === state.site)) state.site = (rows.find(row => row.it.people && row.it.groups.length && row.it.kind === state.kind) ?? rows[0])?.it.name ?? "";
  const profile = () => {
    for (const { node, it } of rows) node.classList.toggle("on", it.name === state.site);
    const chosen = rows.find(row => row.it.name === state.site)?.it;
    at("profile").hidden = !chosen?.groups.length;
    if (chosen?.groups.length) drawProfile(chosen);
  };
  on(["site"], profile);
  sort();
  at("profile").hidden = !rows.some(row => row.it.groups.length);
  whenSized(at("profile"), profile);
}

/** Index of each group as a bar from 100, halves and doubles equally long. */
function drawProfile(it) {
  const box = getComputedStyle(at("profile"));
  const width = at("profile").clientWidth - parseFloat(box.paddingLeft) - parseFloat(box.paddingRight);
  const longest = Math.max(...it.groups.map(of => of[1].length));
  const [label, row, figure] = [Math.min(longest * 7 + 16, width * .46), 28, 42];
  const away = value => Math.abs(Math.log2(Math.max(value, 12.5) / 100));
  const extent = Math.min(3, Math.max(1, ...it.groups.filter(of => of[3]).flatMap(of => of[3].map(away))));
  const middle = label + (width - label - figure) / 2;
  const x = index => middle + Math.max(-extent, Math.min(extent, Math.log2(Math.max(index, 1) / 100))) / extent * (width - label - figure) / 2;
  const sections = [...new Set(it.groups.map(of => of[0]))];
  const height = 24 + it.groups.length * row + sections.length * 30;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": `Index by group for ${it.label ?? it.name}; the figures are in the table` });
  svg.append(s("line", { class: "axis", x1: middle, x2: middle, y1: 20, y2: height }));
  for (const mark of [50, 100, 200]) svg.append(s("text", { class: "soft", x: x(mark), y: 12, "text-anchor": "middle" }, mark));
  let y = 20;
  for (const section of sections) {
    svg.append(s("text", { x: 0, y: y + 20, class: "strong" }, dimensions[section] ?? section));
    y += 30;
    for (const [, value, , index] of it.groups.filter(of => of[0] === section)) {
      const name = value.length > label / 6.4 ? `${value.slice(0, Math.floor(label / 6.4) - 1)}…` : value;
      svg.append(s("text", { class: "soft", x: 0, y: y + 18 }, name, s("title", {}, value)));
      if (index) {
        const [from, to] = [middle, x(index[0])].sort((a, b) => a - b);
        const unsure = index[1] <= 100 && index[2] >= 100;
        svg.append(s("rect", { class: `${index[0] < 100 ? "down" : "up"}${unsure ? " pale" : ""}`, x: from, y: y + 5, width: Math.max(1, to - from), height: row - 12, rx: 1 }));
        svg.append(whisker(x(index[1]), x(index[2]), y + 13), s("text", { x: width, y: y + 18, "text-anchor": "end" }, Math.round(index[0])));
      } else {
        svg.append(s("rect", { x: middle - 22, y: y + 5, width: 44, height: row - 12, fill: "url(#stripe)" }, s("title", {}, whyHidden)), s("text", { class: "soft", x: width, y: y + 18, "text-anchor": "end" }, "[c]"));
      }
      y += row;
    }
  }
  const line = it.people ? `${group(it.people[0])} people (${interval(it.people)})` : `Not published. ${whyHidden}`;
  at("profile").replaceChildren(h("h3", {}, it.label ?? it.name), h("p", { class: "note" }, line), h("p", { class: "small-head" }, "Index by group, 100 = everybody counted"), svg);
}
