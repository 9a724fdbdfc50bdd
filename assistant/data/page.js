// A chip in the chat shows its sentences in the evidence panel, by click and by keyboard focus.
(() => {
  const CHIP = '#chatbot a[href^="#quote-"]';
  const show = (chip, mayScrollPage) => {
    const key = chip.getAttribute("href").slice(1);
    const panel = document.querySelector("#evidence");
    const marks = [...panel.querySelectorAll("mark")].filter((m) => (m.dataset.keys || "").split(" ").includes(key));
    if (!marks.length) return;
    panel.querySelectorAll(".turn").forEach((turn) => turn.classList.toggle("current", turn.contains(marks[0])));
    panel.querySelectorAll("mark.active").forEach((mark) => mark.classList.remove("active"));
    marks.forEach((mark) => mark.classList.add("active"));
    const motion = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    const offset = marks[0].getBoundingClientRect().top - panel.getBoundingClientRect().top;
    panel.scrollTo({ top: panel.scrollTop + offset - panel.clientHeight / 3, behavior: motion });
    const box = panel.getBoundingClientRect();
    const outOfView = box.top > innerHeight - 120 || box.bottom < 120;
    if (mayScrollPage && outOfView) marks[0].scrollIntoView({ block: "center", behavior: motion });
  };
  const listen = (event, mayScrollPage) =>
    document.addEventListener(
      event,
      (e) => {
        const chip = e.target.closest && e.target.closest(CHIP);
        if (!chip) return;
        if (event === "click") e.preventDefault();
        show(chip, mayScrollPage);
      },
      true,
    );
  // A new answer's panel starts at its first marked sentence, which may stand far down in a long abstract.
  const atFirstMark = () => {
    const panel = document.querySelector("#evidence");
    const mark = panel && panel.querySelector(".turn.current mark");
    if (!mark || panel.dataset.at === mark.dataset.keys) return;
    panel.dataset.at = mark.dataset.keys;
    const paper = mark.closest(".paper").getBoundingClientRect();
    const below = mark.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    if (below < panel.clientHeight - 80) return;
    const top = Math.min(mark.getBoundingClientRect().top - paper.top, panel.clientHeight / 3);
    panel.scrollTop += below - top;
  };
  // A new question goes to the top of the chat, so that a long answer is read from its beginning. Its answer grows below it: until
  // there is room for that, or the reader scrolls, it is tried again with all that is new.
  let asked = 0;
  let isRising = false;
  const atQuestion = () => {
    const questions = document.querySelectorAll("#chatbot .user.message, #chatbot .message.user");
    const box = document.querySelector("#chatbot .bubble-wrap");
    if (!box) return;
    if (questions.length !== asked) isRising = questions.length > 0;
    asked = questions.length;
    if (!isRising) return;
    const above = () => questions[asked - 1].getBoundingClientRect().top - box.getBoundingClientRect().top - 12;
    box.scrollTop += above();
    isRising = Math.abs(above()) > 2;
  };
  const stopRising = (e) => {
    if (e.target.closest && e.target.closest("#chatbot")) isRising = false;
  };
  for (const event of ["wheel", "touchmove", "keydown", "pointerdown"]) document.addEventListener(event, stopRising, { passive: true });
  const settle = () => (atFirstMark(), atQuestion());
  new MutationObserver(settle).observe(document.body, { childList: true, subtree: true });
  // A button of a PDF's page names it in a hidden box, which the server answers with a picture.
  document.addEventListener("click", (e) => {
    const button = e.target.closest && e.target.closest("#evidence button.page-picture");
    const box = button && document.querySelector("#wanted-page textarea, #wanted-page input");
    if (!box) return;
    box.value = `${button.dataset.wanted}:${Date.now()}`; // a second click is a change too
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  // On a phone the sidebar covers the page: it closes where a conversation is chosen or the open one deleted. Escape closes it anywhere.
  const closeSidebar = () => {
    const toggle = document.querySelector(".sidebar.open .toggle-button");
    if (!toggle) return;
    const hadFocus = document.querySelector(".sidebar").contains(document.activeElement);
    toggle.click();
    if (hadFocus) document.querySelector("#show-conversations").focus({ preventScroll: true });
  };
  document.addEventListener("click", (e) => {
    const leaves = e.target.closest && e.target.closest("#conversations input, #really-delete");
    if (leaves && matchMedia("(max-width: 700px)").matches) closeSidebar();
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && !document.querySelector("ul[role=listbox]")) closeSidebar(); // an open list takes it for itself
  }, true);
  listen("click", true);
  listen("focusin", false);
})();
