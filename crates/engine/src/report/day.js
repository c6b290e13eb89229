// The chosen district: its figure, and its day as a curve.

/** Writes the chosen district beside the map. */
function describe(shapes) {
  const shape = shapes.find(it => it.code === state.place);
  if (!shape) return;
  const people = peopleAt(shape.code);
  const what = state.measure === "residents" ? "residents" : `present, ${state.day}, ${hourText(state.hour)}`;
  const figure = people
    ? [h("p", { class: "big" }, group(people[0])), h("p", { class: "note" }, `${what}. 95% interval ${interval(people)}${people[3] ? "; near the threshold, likely a little high" : ""}`)]
    : [h("p", { class: "big" }, people === null ? "Not published" : "Not in this table"), h("p", { class: "note" }, people === null ? `${what}. ${whyHidden}` : what)];
  at("place").replaceChildren(h("h3", {}, shape.code, " ", h("span", { class: "note" }, shape.region)), ...figure, ...dayCurve(shape.code));
  at("map-status").textContent = document.activeElement?.id === "hour" ? "" : `${shape.code}: ${inWords(people)}`;
}

/** People by hour, one line a type of day; a gap is an hour that is not published. */
function dayCurve(code) {
  const days = (data.presence?.day_types ?? []).map(name => [name, mapData.presence.get(`${code}|${name}`)]).filter(([, hours]) => hours?.some(Boolean));
  if (!days.length) return [];
  const [width, height, foot] = [at("place").clientWidth || 300, 120, 20];
  const largest = Math.max(...days.flatMap(([, hours]) => hours.filter(Boolean).map(it => it[2])));
  const tick = step(largest, 2);
  const x = hour => 34 + (hour + .5) / 24 * (width - 40);
  const y = value => 8 + (1 - value / largest) * (height - foot - 8);
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": `People present in ${code} by hour; the figures are in the table` });
  for (let value = 0; value <= largest; value += tick) {
    svg.append(s("line", { class: "axis", x1: 34, x2: width, y1: y(value), y2: y(value) }), s("text", { class: "soft", x: 28, y: y(value) + 4, "text-anchor": "end" }, value >= 1000 ? `${value / 1000}k` : value));
  }
  for (const hour of [0, 6, 12, 18, 23]) svg.append(s("text", { class: "soft", x: x(hour), y: height - 4, "text-anchor": "middle" }, String(hour).padStart(2, "0")));
  days.forEach(([name, hours]) => {
    const other = name === data.presence.day_types[0] ? "" : " other";
    for (const run of runs(hours)) {
      const low = run.map(hour => `${x(hour)} ${y(hours[hour][1])}`).reverse();
      const high = run.map(hour => `${x(hour)} ${y(hours[hour][2])}`);
      svg.append(s("path", { class: `band${other}`, d: `M${[...high, ...low].join("L")}Z` }));
      svg.append(s("path", { class: `line${other}`, "stroke-linecap": "round", d: `M${run.map(hour => `${x(hour)} ${y(hours[hour][0])}`).join("L")}${run.length === 1 ? "h.1" : ""}` }));
    }
  });
  if (state.measure === "presence") svg.append(s("line", { class: "cursor", x1: x(state.hour), x2: x(state.hour), y1: 4, y2: height - foot }));
  const keys = days.map(([name]) => {
    const other = name === data.presence.day_types[0] ? "" : " other";
    return h("li", {}, s("svg", { width: 26, height: 8, style: "display:inline;width:26px" }, s("path", { class: `line${other}`, d: "M0 4h24" })), ` ${name}`);
  });
  return [h("p", { class: "small-head" }, "Present by hour"), svg, h("ul", { class: "keys" }, ...keys)];
}

/** Hours in unbroken published runs. */
function runs(hours) {
  const found = [];
  hours.forEach((it, hour) => {
    if (!it) return;
    const last = found.at(-1);
    if (last?.at(-1) === hour - 1) last.push(hour); else found.push([hour]);
  });
  return found;
}
