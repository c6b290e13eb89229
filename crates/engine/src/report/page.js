"use strict";
// State, address and small parts; the charts are in the files that follow.

const data = JSON.parse(document.getElementById("data").textContent) || {};
const at = id => document.getElementById(id);
const svgSpace = document.querySelector("svg").namespaceURI;
const group = value => Math.round(value).toLocaleString("en-GB");
const interval = it => `${group(it[1])} to ${group(it[2])}`;
const hourText = hour => `${String(hour).padStart(2, "0")}:00 to ${String(hour + 1).padStart(2, "0")}:00`;
const floor = data.headline?.floor ?? 50;
const whyHidden = `Fewer than ${floor} people, or noise put it under the threshold, or it would have given away such a group. Which of these is not known.`;

const state = { measure: "residents", hour: 12, day: "weekday", place: "", area: "", kind: "site", category: "", site: "" };
const listeners = [];

/** Changes the state, redraws what listens to a changed key, and keeps the address in step. */
function change(next) {
  const keys = Object.keys(next).filter(key => state[key] !== next[key]);
  if (!keys.length) return;
  Object.assign(state, next);
  for (const [needs, draw] of listeners) if (needs.some(key => keys.includes(key))) draw();
  const address = new URLSearchParams(Object.entries(state).filter(([, value]) => value !== ""));
  history.replaceState(null, "", `#${address}`);
}

/** Calls `draw` whenever one of `needs` changes. */
function on(needs, draw) { listeners.push([needs, draw]); }

/** What the address asks for, as far as it exists. */
function fromAddress() {
  if (!location.hash.includes("=")) return {};
  const wanted = Object.fromEntries([...new URLSearchParams(location.hash.slice(1))].filter(([key]) => Object.hasOwn(state, key)));
  if ("hour" in wanted) {
    wanted.hour = Math.min(23, Math.max(0, Math.trunc(Number(wanted.hour)) || 0));
    wanted.measure ??= "presence";
  }
  if (wanted.day && !data.presence?.day_types.includes(wanted.day)) delete wanted.day;
  if (wanted.measure && !measures().includes(wanted.measure)) delete wanted.measure;
  return wanted;
}

/** The measures that this page has. */
function measures() { return ["residents", "presence"].filter(name => name === "residents" ? data.residents?.districts.length : data.presence); }

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter(child => child != null));
  return node;
}

/** An element; `onclick` and the like are listeners. */
function h(tag, attributes, ...children) { return build(document.createElement(tag), attributes, children); }

/** An SVG element. */
function s(tag, attributes, ...children) { return build(document.createElementNS(svgSpace, tag), attributes, children); }

/** Radio buttons that look like a switch; absent when there is nothing to choose. */
function choices(id, key, options) {
  const box = at(id);
  if (options.length < 2) { box.hidden = true; return; }
  for (const [value, label] of options) {
    const input = h("input", { type: "radio", name: id, value, onchange: () => change({ [key]: value }) });
    box.append(h("label", {}, input, h("span", {}, label)));
  }
  const mark = () => box.querySelectorAll("input").forEach(input => { input.checked = input.value === state[key]; });
  on([key], mark);
  mark();
}

/** Draws now, and again when the width of `frame` changes. */
function whenSized(frame, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (frame.clientWidth < 100 || Math.abs(frame.clientWidth - width) < 2) return;
    width = frame.clientWidth;
    draw();
  }).observe(frame);
}

/** Widths of rounded steps for an axis up to `largest`. */
function step(largest, parts) {
  const rough = Math.max(largest, 1) / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map(it => it * power).find(it => it >= rough);
}

function start() {
  for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;
  state.measure = measures()[0] ?? "";
  state.day = data.presence?.day_types[0] ?? "";
  Object.assign(state, fromAddress());
  if (at("map")) startMap();
  if (at("pyramid")) startPyramid();
  if (at("web")) startSites();
  addEventListener("hashchange", () => change(fromAddress()));
}
