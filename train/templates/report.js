"use strict";
// Texts of the data become text nodes and nothing else: no markup is ever made from a string.
(() => {
  const PAGE = 50;
  const data = JSON.parse(document.getElementById("data").textContent);
  const [KIND, LABEL, TAGGED_AS, SENTENCE, GOLD, PREDICTED, SCORE, TAGS] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [ID, TEXT] = [0, 1];
  const form = document.getElementById("filters");
  const fields = ["kind", "label", "tagged_as", "tag", "order", "text"];
  const colours = new Map(data.labels.map((label, i) => [label, i % 8]));
  let found = [];
  let first = 0;

  const make = (name, className, ...children) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };

  // Code points that stand for an invisible character are set apart from the text around them.
  const put = (parent, text) => {
    text.split(/(<U\+[0-9A-F]{4,6}>)/).forEach((piece, i) => {
      if (i % 2) parent.append(make("bdi", "code", piece.slice(1, -1)));
      else if (piece) parent.append(piece);
    });
  };

  const isolated = (text) => {
    const element = make("bdi");
    put(element, text);
    return element;
  };

  const label = (name) => {
    const element = make("bdi", "label l" + (colours.get(name) || 0));
    element.textContent = name;
    return element;
  };

  const line = (text, spans, own) => {
    const element = make("span", "line");
    element.lang = "ar";
    element.dir = "rtl";
    let position = 0;
    spans.forEach(([start, end, name], i) => {
      put(element, text.slice(position, Math.max(position, start)));
      const mark = make("mark", "l" + (colours.get(name) || 0) + (i === own ? " own" : ""));
      put(mark, text.slice(Math.max(position, start), end));
      const tag = make("bdi", "tag", name);
      tag.lang = "en";
      tag.dir = "ltr";
      mark.append(tag);
      element.append(mark);
      position = Math.max(position, end);
    });
    put(element, text.slice(position));
    return element;
  };

  const card = (error) => {
    const [id, text, gold, predicted] = data.sentences[error[SENTENCE]];
    const head = make("p", "head", make("span", "badge", data.kinds[error[KIND]]), label(error[LABEL]));
    if (error[TAGGED_AS]) head.append("tagged ", label(error[TAGGED_AS]));
    if (error[SCORE] !== null) head.append(make("span", "times", "score " + error[SCORE].toFixed(3)));
    head.append(make("span", "times", "document ", isolated(id)));
    const sides = (name, spans, own) =>
      make("div", "sides", make("span", "side", name), line(text, spans, own));
    return make("article", "error", head, sides("data", gold, error[GOLD]), sides("tagger", predicted, error[PREDICTED]));
  };

  // Spelling does not matter in a search: neither tashkeel and tatweel nor the shape of an alef.
  const folded = (text) =>
    text.toLowerCase().replace(/[\u0640\u064b-\u065f\u0670]/g, "").replace(/[أإآٱ]/g, "ا").replace(/ى/g, "ي").replace(/ة/g, "ه");
  const haystacks = [];
  const haystack = (i) => (haystacks[i] ??= folded(data.sentences[i][TEXT] + "\n" + data.sentences[i][ID]));

  const option = (parent, value, text) => {
    const element = make("option", "", text);
    element.value = value;
    parent.append(element);
  };

  const fill = () => {
    Object.entries(data.kinds).forEach(([kind, name]) => kind !== "correct" && option(form.kind, kind, name));
    data.labels.forEach((name) => {
      option(form.label, name, name);
      option(form.tagged_as, name, name);
    });
    const groups = new Map();
    data.order.forEach((i) => {
      const [group, name] = data.tags[i];
      if (!groups.has(group)) {
        const element = make("optgroup");
        element.label = data.groups[group] || group;
        groups.set(group, element);
      }
      option(groups.get(group), String(i), name);
    });
    form.tag.append(...groups.values());
  };

  const values = () => fields.map((name) => form[name].value);

  const apply = () => {
    const [kind, name, taggedAs, tag, order, text] = values();
    const wanted = folded(text.trim());
    found = data.errors.filter(
      (e) =>
        (!kind || e[KIND] === kind) &&
        (!name || e[LABEL] === name) &&
        (!taggedAs || e[TAGGED_AS] === taggedAs) &&
        (!tag || e[TAGS].includes(Number(tag))) &&
        (!wanted || haystack(e[SENTENCE]).includes(wanted)),
    );
    if (order) found.sort((a, b) => (b[SCORE] ?? -1) - (a[SCORE] ?? -1));
    first = 0;
    show();
  };

  const show = () => {
    const last = Math.min(first + PAGE, found.length);
    document.getElementById("list").replaceChildren(...found.slice(first, last).map(card));
    const all = data.errors.length;
    document.getElementById("found").textContent =
      found.length === all ? `${all} errors` : `${found.length} of ${all} errors`;
    document.getElementById("page").textContent = found.length ? `${first + 1} to ${last}` : "none";
    document.getElementById("before").disabled = first === 0;
    document.getElementById("after").disabled = last === found.length;
  };

  const turn = (by) => {
    first += by;
    show();
    document.getElementById("errors").scrollIntoView();
  };

  // A link such as #errors?kind=missed&label=ACTOR sets the filter, and can be kept and passed on.
  const follow = () => {
    if (!location.hash.startsWith("#errors?")) return;
    const wanted = new URLSearchParams(location.hash.slice("#errors?".length));
    fields.forEach((name) => (form[name].value = wanted.get(name) || ""));
    apply();
    document.getElementById("errors").scrollIntoView();
  };

  const remember = () => {
    const chosen = new URLSearchParams(fields.map((name, i) => [name, values()[i]]).filter(([, v]) => v));
    history.replaceState(null, "", String(chosen) ? "#errors?" + chosen : "#errors");
  };

  const sortable = (table) => {
    const value = (row, column) => {
      const cell = row.cells[column];
      const text = cell.dataset.value ?? cell.textContent.trim();
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text; // a mention may begin with digits
    };
    table.querySelectorAll("thead button").forEach((button) => {
      const head = button.parentElement;
      button.addEventListener("click", () => {
        const turned = { ascending: "descending", descending: "ascending" };
        const order = turned[head.getAttribute("aria-sort")] || button.dataset.first;
        table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [value(row, head.cellIndex), row]);
        rows.sort(([a], [b]) =>
          typeof a === "number" && typeof b === "number" ? sign * (a - b) : sign * String(a).localeCompare(String(b), "ar"));
        body.append(...rows.map(([, row]) => row));
      });
    });
  };

  let timer = 0;
  fill();
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { apply(); remember(); }, 120);
  });
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }, 0));
  document.getElementById("before").addEventListener("click", () => turn(-PAGE));
  document.getElementById("after").addEventListener("click", () => turn(PAGE));
  document.querySelectorAll("table.sort").forEach(sortable);
  window.addEventListener("hashchange", follow);
  // The same link a second time changes no address, but the filter may have been changed since.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#errors?']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => (d.open = true)));
  apply();
  follow();
})();
