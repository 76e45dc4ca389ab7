// Before anything is drawn: light or dark, as the user, the button or the system says.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wanted = localStorage.getItem("theme") || root.dataset.theme || "auto";
    const shown = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted;
    root.setAttribute("data-bs-theme", shown);
  };
  dark.addEventListener("change", apply);
  apply();
  addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-theme-toggle]")?.addEventListener("click", () => {
      const now = root.getAttribute("data-bs-theme");
      localStorage.setItem("theme", now === "dark" ? "light" : "dark");
      apply();
    });
  });
})();
