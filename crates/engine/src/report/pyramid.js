// The pyramid of residents by gender and age.

const everywhere = "*";

function startPyramid() {
  const groups = data.residents.pyramid;
  const areas = new Map(groups.filter(it => it.area).map(it => [it.area, it.area_name || it.area]));
  const options = [[everywhere, "All areas together"], ...areas];
  at("area").append(...(areas.size > 1 || groups.some(it => !it.area) ? options : [...areas]).map(([value, label]) => h("option", { value }, label)));
  const values = [...at("area").options].map(it => it.value);
  const published = area => groups.filter(it => inPyramid(groups, it.gender, it.age_band, area)).length;
  if (!values.includes(state.area)) state.area = values.reduce((best, it) => published(it) > published(best) ? it : best);
  const draw = () => { at("area").value = state.area; drawPyramid(groups); };
  at("area").addEventListener("change", event => change({ area: event.target.value }));
  on(["area"], draw);
  whenSized(at("pyramid"), draw);
}

/**
 * The people of one gender and age in the chosen area. All areas together are what was measured,
 * else the sum of the areas with their intervals combined, if each of them is published.
 */
function inPyramid(groups, gender, band, area) {
  const rows = groups.filter(it => it.gender === gender && it.age_band === band);
  if (area !== everywhere) return rows.find(it => it.area === area)?.people;
  const whole = rows.find(it => !it.area);
  if (whole) return whole.people;
  if (!rows.length) return undefined;
  if (rows.some(it => !it.people)) return null;
  const value = rows.reduce((sum, it) => sum + it.people[0], 0);
  const spread = end => Math.sqrt(rows.reduce((sum, it) => sum + (it.people[end] - it.people[0]) ** 2, 0));
  return [value, value - spread(1), value + spread(2)];
}

function drawPyramid(groups) {
  const bands = [...new Set(groups.map(it => it.age_band))].reverse();
  const genders = ["F+", "M+"].filter(gender => groups.some(it => it.gender === gender));
  const width = at("pyramid").clientWidth;
  const cells = new Map(genders.flatMap(gender => bands.map(band => [gender + band, inPyramid(groups, gender, band, state.area)])));
  const largest = Math.max(1, ...[...cells.values()].filter(Boolean).map(it => it[2]));
  const [row, head, middle] = [36, 30, width < 500 ? 58 : 74];
  const half = Math.min(520, (width - middle) / 2);
  const [axis, scale] = [width / 2, (half - 58) / largest];
  const height = head + bands.length * row + 4;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "Pyramid of residents by gender and age; the figures are in the table below" });
  const title = (text, x, y, anchor) => svg.append(s("text", { x, y, "text-anchor": anchor, class: "strong" }, text));
  title("F+", axis - middle / 2, 18, "end");
  title("M+", axis + middle / 2, 18, "start");
  bands.forEach((band, index) => {
    const draw = (gender, side, top) => {
      const start = axis + side * middle / 2;
      bar(svg, cells.get(gender + band), { start, side, top, row, scale, kind: gender[0].toLowerCase() });
    };
    const top = head + index * row;
    svg.append(s("text", { x: axis, y: top + 22, "text-anchor": "middle" }, band));
    draw("F+", -1, top);
    draw("M+", 1, top);
  });
  at("pyramid").replaceChildren(svg);
  const summed = state.area === everywhere && !groups.some(it => !it.area);
  at("pyramid-note").textContent = summed ? "The sum of the areas, their intervals combined; a group is shown only if every area publishes it." : "";
}

/** One bar with its figure and whisker, or the mark of a group that is not published. */
function bar(svg, people, { start, side, top, row, scale, kind }) {
  if (people === undefined) return;
  const anchor = side < 0 ? "end" : "start";
  if (people === null) {
    svg.append(s("rect", { class: "hidden-mark", x: side < 0 ? start - 44 : start, y: top + 6, width: 44, height: row - 12, fill: "url(#stripe)" }));
    svg.append(s("text", { class: "soft", x: start + side * 52, y: top + 22, "text-anchor": anchor }, "[c]"), s("title", {}, whyHidden));
    return;
  }
  const [value, low, high] = people;
  const length = value * scale;
  svg.append(s("rect", { class: `bar ${kind}`, x: side < 0 ? start - length : start, y: top + 6, width: length, height: row - 12, rx: 2 }));
  svg.append(whisker(start + side * low * scale, start + side * high * scale, top + row / 2));
  svg.append(s("text", { class: "soft", x: start + side * (high * scale + 8), y: top + 22, "text-anchor": anchor }, group(value) + (people[3] ? "*" : "")));
}

/** A line from `a` to `b` with short ends. */
function whisker(a, b, y) {
  return s("path", { class: "whisker", d: `M${a} ${y}H${b}M${a} ${y - 4}v8M${b} ${y - 4}v8` });
}
