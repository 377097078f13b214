// Keys as in mail clients, and choosing all. Every page works without this file.
"use strict";
(() => {
  const rows = () => Array.from(document.querySelectorAll("table#held tbody tr[data-id]"));
  const help = document.getElementById("help");
  const form = document.getElementById("act");
  const all = document.getElementById("all");
  const chosen = document.getElementById("chosen");
  let at = -1;
  let armed = null;

  const boxOf = (row) => row && row.querySelector("input[type=checkbox][name=item]");
  const boxes = () => rows().map(boxOf).filter(Boolean);

  const tell = () => {
    const list = boxes();
    const count = list.filter((box) => box.checked).length;
    if (chosen) {
      const text = count === 1 ? chosen.dataset.one : chosen.dataset.many;
      chosen.textContent = count === 0 ? "" : text.replace("{0}", String(count));
    }
    if (all) {
      all.checked = count > 0 && count === list.length;
      all.indeterminate = count > 0 && count < list.length;
    }
  };

  const go = (step) => {
    const list = rows();
    if (list.length === 0) {
      return;
    }
    list.forEach((row) => row.classList.remove("current"));
    at = Math.min(Math.max(at + step, 0), list.length - 1);
    const row = list[at];
    row.classList.add("current");
    const link = row.querySelector("a.subject");
    if (link) {
      link.focus({ preventScroll: true });
    }
    row.scrollIntoView({ block: "nearest" });
  };

  const choose = () => {
    const box = boxOf(rows()[at]);
    if (box) {
      box.checked = !box.checked;
      tell();
    }
  };

  const open = () => {
    const row = rows()[at];
    const link = row && row.querySelector("a.subject");
    if (link) {
      link.click();
    }
  };

  // A key that was hit by mistake does nothing: a reason is asked for, and Enter there releases.
  const release = () => {
    const button = form && form.querySelector("button[name=act][value=release]");
    if (!button) {
      return;
    }
    if (rows().length > 0 && !boxes().some((box) => box.checked)) {
      const box = boxOf(rows()[at]);
      if (!box) {
        return;
      }
      box.checked = true;
      tell();
    }
    const reason = form.querySelector("input[name=reason]");
    if (reason) {
      reason.focus();
      armed = button;
    }
  };

  // Enter in a field is no decision, unless the key for a release came before it.
  const enter = (event) => {
    if (event.key !== "Enter" || !event.target.matches("input[type=text]")) {
      return;
    }
    event.preventDefault();
    if (armed) {
      form.requestSubmit(armed);
    }
  };

  const back = () => {
    const link = document.getElementById("back");
    if (link) {
      link.click();
    }
  };

  const keys = {
    j: () => go(1),
    k: () => go(-1),
    x: choose,
    o: open,
    r: release,
    u: back,
    "?": () => help && help.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) {
      return;
    }
    const where = event.target;
    if (where instanceof Element && where.closest("input:not([type=checkbox]), textarea, select, dialog")) {
      return;
    }
    // A link or button that has the focus does what Enter means for it.
    if (event.key === "Enter" && !(where instanceof Element && where.closest("a, button, input, summary"))) {
      open();
      return;
    }
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (act) {
      event.preventDefault();
      act();
    }
  });

  // The row that has the focus is the one that keys mean.
  document.addEventListener("focusin", (event) => {
    const row = event.target instanceof Element && event.target.closest("table#held tbody tr[data-id]");
    if (row) {
      rows().forEach((other) => other.classList.toggle("current", other === row));
      at = rows().indexOf(row);
    }
  });

  if (all) {
    all.closest("label").hidden = false;
    all.addEventListener("change", () => {
      boxes().forEach((box) => { box.checked = all.checked; });
      tell();
    });
  }
  if (form && form.querySelector("button[value=release]")) {
    form.addEventListener("keydown", enter);
    form.addEventListener("focusout", () => { armed = null; });
  }
  document.addEventListener("change", tell);
  tell();
})();
