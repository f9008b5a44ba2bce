"use strict";
// Filters and sorts the table, keeps what is shown in the address, and opens the cases behind a cell. The table is
// whole without it.
(() => {
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const form = document.getElementById("filter");
  const table = document.querySelector(".matrix");
  const body = table.tBodies[0];
  const heads = table.tHead.rows[0];
  const dialog = document.getElementById("cell");
  const rows = [...body.rows];
  const first = 2; // the column of the first peer
  const texts = new Map(rows.map((row) => [row, row.cells[0].textContent.toLowerCase()]));
  const make = (name, text, className) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  };
  const templates = (id) => document.getElementById(id).content.textContent.trim().split(/\s+/);
  const unpack = (text) => {
    const octets = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  };
  const data = unpack(templates("upspec-cases")[0]);
  const logs = templates("upspec-logs");
  // Each column knows its peer, wherever it stands.
  const peers = [...heads.cells].slice(first).map((_, at) => at);
  const signs = { fail: "✕", warn: "!", pass: "✓", inconclusive: "?", error: "⊘" };
  const badge = (verdict) => make("span", verdict, `badge ${verdict}`);

  // The address.
  const state = () => new URLSearchParams(location.hash.slice(1));
  const remember = (changes) => {
    const params = state();
    for (const [name, value] of Object.entries(changes)) {
      if (value) params.set(name, value); else params.delete(name);
    }
    history.replaceState(null, "", `#${params}`);
  };

  const filter = () => {
    const value = (name) => form.elements[name].value;
    const wanted = value("text").trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const { worst, rfc, level, harm } = row.dataset;
      row.hidden = !(texts.get(row).includes(wanted)
        && (value("worst") === "all" || worst === "fail" || worst === "warn" && !value("worst"))
        && (!value("rfc") || value("rfc") === rfc) && (!value("level") || value("level") === level)
        && (!value("harm") || value("harm") === harm));
      shown += !row.hidden;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} rules shown`;
  };

  const parts = (id) => id.replace(/-.*/, "").match(/\d+|[A-Z]/g).map((part) => (isNaN(part) ? part.charCodeAt(0) + 1000 : +part));
  const bySection = (one, other) => {
    const [a, b] = [parts(one.dataset.rule), parts(other.dataset.rule)];
    for (let at = 0; at < Math.max(a.length, b.length); at++) {
      if (a[at] !== b[at]) return (a[at] ?? -1) - (b[at] ?? -1);
    }
    return 0;
  };
  const sortRows = () => {
    const order = [...rows];
    const count = (row) => parseInt(row.cells[1].textContent, 10);
    if (form.elements.rules.value === "count") order.sort((one, other) => count(other) - count(one));
    if (form.elements.rules.value === "section") order.sort(bySection);
    body.append(...order);
  };

  const sortColumns = async () => {
    const { peers: known } = await data;
    const by = form.elements.columns.value;
    const wanted = known.map((_, at) => at);
    const sign = { least: 1, most: -1, name: 0 }[by];
    // Those of which too little is known come last, as in the chart.
    const apart = (peer) => sign !== 0 && !known[peer][2];
    if (by) {
      wanted.sort((a, b) => apart(a) - apart(b) || (known[a][1] - known[b][1]) * sign
        || known[a][0].localeCompare(known[b][0]));
    }
    if (wanted.every((peer, at) => peers[at] === peer)) return;
    const places = wanted.map((peer) => peers.indexOf(peer) + first);
    for (const row of [heads, ...rows]) {
      const cells = [...row.cells];
      row.append(...places.map((place) => cells[place]));
    }
    peers.splice(0, peers.length, ...wanted);
  };

  // One cell takes the focus; the arrows move it.
  let current = null;
  const take = (cell, focus) => {
    if (current) current.tabIndex = -1;
    current = cell;
    cell.tabIndex = 0;
    if (focus) { cell.focus(); cell.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  };
  const move = (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const cell = event.target.closest("td, th");
    if (event.key === "Enter" && cell) { event.preventDefault(); open(cell); return; }
    const step = steps[event.key];
    if (!step || !cell) return;
    event.preventDefault();
    let row = cell.parentElement;
    if (step[0]) {
      do row = step[0] < 0 ? row.previousElementSibling : row.nextElementSibling; while (row && row.hidden);
    }
    const next = row && row.cells[Math.max(first, cell.cellIndex + step[1])];
    if (next) take(next, true);
  };

  // The cases behind a cell.
  const answerOf = (one, peer) => one[3].find((answer) => answer[0].includes(peer));
  const isAbout = (one, answer, rule) => answer && (one[2] === rule || answer[4].some((said) => said[0] === rule));
  const column = (name, answer, log) => {
    const element = make("div");
    const title = make("h4", name);
    if (answer) title.append(badge(answer[2]));
    const list = make("ol", undefined, "wire");
    for (const [side, text] of log ? log[1] : []) {
      const item = make("li", undefined, side);
      const line = make("p");
      line.append(make("b", side === "put" ? "→ sent" : side === "got" ? "← received" : `· ${text}`));
      item.append(line);
      if (side) item.append(make("pre", text));
      list.append(item);
    }
    if (!log) list.append(make("li", "Nothing was sent, or the report left its octets out."));
    element.append(title, list);
    return element;
  };
  const wires = async (into, at, one, peer, other) => {
    const found = await unpack(logs[at]);
    const log = (wanted) => found.find((entry) => entry[0].includes(wanted));
    const { peers: known } = await data;
    into.replaceChildren(column(known[peer][0], answerOf(one, peer), log(peer)));
    if (other !== undefined) into.append(column(known[other][0], answerOf(one, other), log(other)));
  };
  const show = async (rule, peer, row) => {
    const { peers: known, cases } = await data;
    const found = cases.map((one, at) => [one, at, answerOf(one, peer)])
      .filter(([one, , answer]) => isAbout(one, answer, rule));
    const weight = ([, , answer]) => ["fail", "warn", "error", "inconclusive", "pass"].indexOf(answer[2]);
    found.sort((one, other) => weight(one) - weight(other));
    const head = make("header");
    const titles = make("div");
    const title = make("h2", `${known[peer][0]}: ${row.querySelector(".text").textContent}`);
    title.id = "cell-title";
    titles.append(title, row.querySelector(".meta").cloneNode(true));
    for (const link of all("a", titles)) link.removeAttribute("tabindex");
    const close = make("button", "Close");
    close.type = "button";
    close.autofocus = true; // and not the link of the rule
    close.addEventListener("click", () => dialog.close());
    head.append(titles, close);
    const choose = make("label", "Beside it: ", "choose");
    const select = make("select");
    select.append(new Option("one that keeps the rule", ""));
    known.forEach(([name], at) => { if (at !== peer) select.append(new Option(name, at)); });
    choose.append(select);
    dialog.replaceChildren(head, choose);
    const opened = [];
    for (const [one, at, answer] of found) {
      const item = make("article");
      const heading = make("h3");
      heading.append(badge(answer[2]), ` ${one[1]} `, make("code", one[0], "id"));
      item.append(heading, make("p", answer[1] ? `Outcome: ${answer[1]}.` : answer[3] || "Not played.", "soft"));
      for (const said of answer[4]) item.append(make("p", `${signs[said[1]]} ${said[2]} (${said[0]})`));
      const detail = make("details");
      detail.append(make("summary", "What passed on the wire"));
      const beside = make("div", undefined, "beside");
      detail.append(beside);
      const fill = () => {
        const right = one[3].find((other) => other[2] === "pass");
        const other = select.value === "" ? right && right[0][0] : +select.value;
        wires(beside, at, one, peer, other);
      };
      detail.addEventListener("toggle", () => { if (detail.open) fill(); });
      opened.push(() => { if (detail.open) fill(); });
      item.append(detail);
      dialog.append(item);
    }
    if (!found.length) dialog.append(make("p", "No case of this rule was played."));
    select.addEventListener("change", () => opened.forEach((again) => again()));
    if (!dialog.open) dialog.showModal();
    const only = dialog.querySelector("details");
    if (only) only.open = true;
    remember({ rule, peer: known[peer][0] });
  };
  const open = (cell) => {
    const row = cell.parentElement;
    if (cell.cellIndex < first || !row.dataset.rule) return;
    take(cell);
    show(row.dataset.rule, peers[cell.cellIndex - first], row);
  };
  dialog.addEventListener("close", () => {
    remember({ rule: "", peer: "" });
    if (current) current.focus();
  });

  const follow = async () => {
    const params = state();
    for (const element of form.elements) {
      if (element.name) element.value = params.get(element.name) || "";
    }
    filter();
    sortRows();
    await sortColumns();
    const row = rows.find((one) => one.dataset.rule === params.get("rule"));
    const { peers: known } = await data;
    const peer = known.findIndex(([name]) => name === params.get("peer"));
    if (row && peer >= 0) { row.hidden = false; show(row.dataset.rule, peer, row); }
  };

  form.hidden = false;
  all("a", body).forEach((link) => { link.tabIndex = -1; });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    remember({ [event.target.name]: event.target.value });
    if (event.target.name === "rules") sortRows();
    else if (event.target.name === "columns") sortColumns();
    else filter();
  });
  body.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell) open(cell);
  });
  body.addEventListener("keydown", move);
  addEventListener("hashchange", follow);
  const start = rows[0] && rows[0].cells[first];
  if (start) take(start);
  follow();
})();
