// The map of districts: colour by quantile, hatched where not published.

const mapData = {
  residents: new Map((data.residents?.districts ?? []).map(it => [it.code, it.people])),
  presence: new Map((data.presence?.cells ?? []).map(it => [`${it.district}|${it.day_type}`, it.hours])),
};

/** The estimate shown for a district: null when not published, undefined when not in the code list. */
function peopleAt(code) {
  if (state.measure === "residents") return mapData.residents.get(code);
  return mapData.presence.get(`${code}|${state.day}`)?.[state.hour];
}

/** Two significant digits, so that a legend can be read. */
function roundBreak(value) {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.round(value / power) * power;
}

/** Lower ends of up to six classes with about as many published cells each, for all hours alike. */
function breaksOf(measure) {
  const all = measure === "residents" ? [...mapData.residents.values()] : [...mapData.presence.values()].flat();
  const values = all.filter(Boolean).map(it => it[0]).sort((a, b) => a - b);
  if (!values.length) return [];
  const inner = [1, 2, 3, 4, 5].map(part => roundBreak(values[Math.floor(part * values.length / 6)]));
  return [values[0], ...new Set(inner.filter(it => it > values[0]))];
}

function startMap() {
  const svg = document.querySelector("#map svg");
  const canvas = svg.parentElement;
  const shapes = project(data.geography.districts);
  const breaks = Object.fromEntries(measures().map(name => [name, breaksOf(name)]));
  const layer = s("g", {});
  const ring = s("path", { class: "ring" });
  svg.append(layer, ring);
  for (const shape of shapes) {
    shape.path = s("path", { d: shape.d, tabindex: -1, role: "img" });
    for (const name of ["pointerenter", "pointermove"]) shape.path.addEventListener(name, event => showTip(canvas, shape, event.clientX, event.clientY));
    shape.path.addEventListener("pointerleave", event => { if (event.pointerType !== "touch") hideTip(canvas); });
    shape.path.addEventListener("click", () => change({ place: shape.code }));
    shape.path.addEventListener("focus", () => focused(svg, canvas, shape));
    shape.path.addEventListener("blur", () => { svg.classList.remove("focus"); hideTip(canvas); });
    layer.append(shape.path);
  }
  svg.addEventListener("keydown", event => event.key === "Escape" ? hideTip(canvas) : walk(event, shapes));
  zoomable(svg, canvas, shapes);

  const classOf = value => breaks[state.measure].findLastIndex(it => value >= it);
  const shade = index => `c${Math.round(index * 5 / Math.max(1, breaks[state.measure].length - 1))}`;
  const paint = () => {
    for (const shape of shapes) {
      const people = peopleAt(shape.code);
      const fill = people ? shade(Math.max(0, classOf(people[0]))) : people === null ? "hidden-fill" : "out";
      shape.path.setAttribute("class", fill);
      shape.path.setAttribute("aria-label", `${shape.code}: ${inWords(people)}`);
    }
  };
  const mark = () => {
    const chosen = shapes.find(it => it.code === state.place);
    ring.setAttribute("d", chosen?.d ?? "");
    for (const shape of shapes) shape.path.tabIndex = -1;
    (chosen ?? shapes[0]).path.tabIndex = 0;
  };
  const time = () => {
    at("time").hidden = state.measure !== "presence";
    at("hour").value = state.hour;
    at("hour").setAttribute("aria-valuetext", hourText(state.hour));
    at("hour-text").textContent = hourText(state.hour);
  };
  choices("measure", "measure", measures().map(name => [name, name === "residents" ? "Residents" : "Present"]));
  choices("day", "day", (data.presence?.day_types ?? []).map(name => [name, name[0].toUpperCase() + name.slice(1)]));
  at("hour").addEventListener("input", event => change({ hour: Number(event.target.value) }));
  playable(at("play"));
  on(["measure", "hour", "day"], () => { paint(); time(); });
  on(["measure"], () => legend(breaks[state.measure], shade));
  on(["place"], mark);
  on(["measure", "hour", "day", "place"], () => describe(shapes));
  if (!shapes.some(it => it.code === state.place)) state.place = busiest(shapes);
  paint(); time(); mark(); legend(breaks[state.measure], shade);
  whenSized(at("place"), () => describe(shapes));
}

/** Outlines in units of a thousandth of the map's width, longitude shrunk at the middle latitude. */
function project(districts) {
  const points = districts.flatMap(it => it.rings.flat());
  const span = (index, pick) => points.reduce((best, point) => pick(best, point[index]), points[0]?.[index] ?? 0);
  const [west, east, south, north] = [span(0, Math.min), span(0, Math.max), span(1, Math.min), span(1, Math.max)];
  const squeeze = Math.cos((south + north) / 2 * Math.PI / 180);
  const unit = 1000 / Math.max((east - west) * squeeze, north - south, 1e-6);
  return districts.map(({ code, region, rings }) => {
    const flat = rings.map(ring => ring.map(([lon, lat]) => [(lon - west) * squeeze * unit, (north - lat) * unit]));
    const all = flat.flat();
    const middle = index => (Math.min(...all.map(it => it[index])) + Math.max(...all.map(it => it[index]))) / 2;
    const d = flat.map(ring => `M${ring.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`).join("");
    return { code, region, d, x: middle(0), y: middle(1), all };
  });
}

function busiest(shapes) {
  const value = code => peopleAt(code)?.[0] ?? 0;
  return shapes.reduce((best, it) => value(it.code) > value(best) ? it.code : best, shapes[0].code);
}

function inWords(people) {
  if (people === undefined) return "not in this table";
  if (people === null) return `not published. ${whyHidden}`;
  return `${group(people[0])} people, 95% interval ${interval(people)}${people[3] ? ", near the threshold" : ""}`;
}

/** Chooses what has the focus; shows its figures beside it when it was reached with the keys. */
function focused(svg, canvas, shape) {
  change({ place: shape.code });
  if (!shape.path.matches(":focus-visible")) return;
  svg.classList.add("focus");
  const box = shape.path.getBoundingClientRect();
  showTip(canvas, shape, box.right, box.bottom);
}

/** Shows the figures of `shape` near a point of the window. */
function showTip(canvas, shape, clientX, clientY) {
  const tip = canvas.querySelector(".tip");
  const people = peopleAt(shape.code);
  const place = `${shape.code}, ${shape.region}`;
  tip.replaceChildren(...(people
    ? [place, h("b", {}, `${group(people[0])} people`), `95% interval ${interval(people)}`, people[3] ? h("br") : null, people[3] ? "Near the threshold" : null].filter(Boolean)
    : people === null ? [place, h("b", {}, "Not published"), whyHidden] : [place, h("b", {}, "Not in this table")]));
  tip.hidden = false;
  const box = canvas.getBoundingClientRect();
  const [x, y] = [clientX - box.left, clientY - box.top];
  tip.style.left = `${Math.max(6, Math.min(x + 14, box.width - tip.offsetWidth - 6))}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > box.height ? y - tip.offsetHeight - 12 : y + 18}px`;
}

function hideTip(canvas) { canvas.querySelector(".tip").hidden = true; }

/** The arrow keys go to the nearest district in their direction. */
function walk(event, shapes) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
  const from = shapes.find(it => it.path === document.activeElement);
  if (dx === undefined || !from) return;
  event.preventDefault();
  const reach = it => {
    const [x, y] = [it.x - from.x, it.y - from.y];
    const ahead = x * dx + y * dy;
    return ahead > 0 ? ahead + 2.5 * Math.abs(x * dy - y * dx) : Infinity;
  };
  const next = shapes.filter(it => it !== from).reduce((best, it) => reach(it) < reach(best) ? it : best, shapes.find(it => it !== from) ?? from);
  if (reach(next) < Infinity) next.path.focus();
}

/** Buttons zoom about the chosen district; a zoomed map can be dragged. */
function zoomable(svg, canvas, shapes) {
  const ends = index => [Math.min(...shapes.map(it => Math.min(...it.all.map(p => p[index])))), Math.max(...shapes.map(it => Math.max(...it.all.map(p => p[index]))))];
  const [[left, right], [top, bottom]] = [ends(0), ends(1)];
  const whole = { x: left - 12, y: top - 12, w: right - left + 24, h: bottom - top + 24 };
  let view = { ...whole };
  const show = () => {
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
    const unit = Math.max(view.w / (svg.clientWidth || 600), view.h / (svg.clientHeight || 600));
    at("hatch").setAttribute("patternTransform", `rotate(45) scale(${unit})`);
    canvas.classList.toggle("zoomed", view.w < whole.w);
  };
  const zoom = factor => {
    const chosen = shapes.find(it => it.code === state.place);
    const w = Math.min(whole.w, Math.max(whole.w / 24, view.w * factor));
    const h = w * whole.h / whole.w;
    const inside = chosen && chosen.x > view.x && chosen.x < view.x + view.w && chosen.y > view.y && chosen.y < view.y + view.h;
    const [x, y] = inside ? [chosen.x, chosen.y] : [view.x + view.w / 2, view.y + view.h / 2];
    view = w >= whole.w ? { ...whole } : { x: x - w / 2, y: y - h / 2, w, h };
    show();
  };
  const acts = { in: () => zoom(.6), out: () => zoom(1 / .6), all: () => { view = { ...whole }; show(); } };
  canvas.querySelectorAll("[data-zoom]").forEach(button => button.addEventListener("click", acts[button.dataset.zoom]));
  let grip = null;
  svg.addEventListener("pointerdown", event => { if (view.w < whole.w) grip = { x: event.clientX, y: event.clientY, view }; });
  addEventListener("pointerup", () => { grip = null; });
  svg.addEventListener("pointermove", event => {
    if (!grip) return;
    const unit = Math.max(view.w / svg.clientWidth, view.h / svg.clientHeight);
    view = { ...grip.view, x: grip.view.x - (event.clientX - grip.x) * unit, y: grip.view.y - (event.clientY - grip.y) * unit };
    show();
  });
  whenSized(canvas, show);
}

/** Steps through the hours until paused. */
function playable(button) {
  let timer = 0;
  button.addEventListener("click", () => {
    if (timer) { clearInterval(timer); timer = 0; } else timer = setInterval(() => change({ hour: (state.hour + 1) % 24 }), 700);
    button.textContent = timer ? "Pause" : "Play";
  });
}

function legend(breaks, shade) {
  const rest = index => index + 1 < breaks.length ? ` to ${group(breaks[index + 1] - 1)}` : " and more";
  at("legend-title").textContent = state.measure === "residents" ? "Residents" : "Present, same colours at all hours";
  at("legend").replaceChildren(...breaks.map((from, index) =>
    h("li", {}, h("i", { class: shade(index) }), group(from), index + 1 < breaks.length ? "" : "+", h("span", { class: "visually-hidden" }, rest(index)))));
}
