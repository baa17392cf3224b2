// The page works without this file. It follows Airflow's theme and address, moves the focus to what is new, and keeps a
// form from being sent twice.
(() => {
  "use strict";
  const root = document.documentElement;
  const PLACE = /^(.*\/plugin\/)(approvals|monitoring|models)(?:\/(.+?))?\/?$/;
  const OWN = /\/vigil\/(approvals|monitoring|models)(?:\/|$)/;

  // Airflow's own page around this one, where it is there and of the same origin.
  const outer = (() => {
    try {
      return window.parent !== window && window.parent.location.origin === location.origin ? window.parent : null;
    } catch {
      return null;
    }
  })();

  const theme = () => {
    const classes = outer ? outer.document.documentElement.classList : null;
    const chosen = classes && ["dark", "light"].find((name) => classes.contains(name));
    if (chosen) return chosen;
    try {
      const stored = localStorage.getItem("theme"); // opened by itself: what was last chosen in Airflow
      return stored === "dark" || stored === "light" ? stored : null;
    } catch {
      return null;
    }
  };
  const follow = () => {
    const found = theme();
    if (found) root.dataset.theme = found;
    else delete root.dataset.theme;
  };
  follow();
  if (outer) {
    const observer = new MutationObserver(follow);
    observer.observe(outer.document.documentElement, { attributes: true, attributeFilter: ["class"] });
    addEventListener("pagehide", () => observer.disconnect());
  }

  // Airflow shows this page at /plugin/approvals whatever comes behind: open what the address names, and name what is
  // open (also a page of another of our views that a link led to), so that an address can be sent on and a reload stays.
  const followAddress = () => {
    const place = outer && PLACE.exec(outer.location.pathname);
    const own = OWN.exec(location.pathname);
    if (!place || !own) return;
    const [, plugins, view, wantedRequest] = place;
    const { request, page } = document.body.dataset;
    if (page === "list" && view === own[1] && wantedRequest && !location.search) {
      location.replace(`${location.pathname}/${wantedRequest}`);
      return;
    }
    const rest = request ? `/${request.split("/").map(encodeURIComponent).join("/")}` : "";
    const wanted = `${plugins}${own[1]}${rest}`;
    if (page !== "refused" && outer.location.pathname !== wanted) {
      outer.history.replaceState(outer.history.state, "", wanted);
    }
  };

  const sendOnce = (form) => {
    const button = form.querySelector("button[type=submit]");
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
      button.setAttribute("aria-disabled", "true");
    });
    addEventListener("pageshow", () => {
      sent = false;
      button.removeAttribute("aria-disabled");
    });
  };

  const askForReasons = (form) => {
    const comment = form.querySelector("textarea");
    form.addEventListener("change", () => {
      const chosen = form.querySelector("input[name=meaning]:checked");
      comment.required = Boolean(chosen && chosen.value === "rejected");
    });
  };

  addEventListener("DOMContentLoaded", () => {
    followAddress();
    document.querySelectorAll("form[data-once]").forEach(sendOnce);
    document.querySelectorAll("form:has(input[name=meaning][type=radio])").forEach(askForReasons);
    const news = document.querySelector("[data-focus]");
    if (news) news.focus();
  });
})();
