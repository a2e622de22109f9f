// What every page does before it is painted: theme and language, chosen by its reader and kept in a cookie, else as the
// system says. `lotse.theme("dark")` and `lotse.language("en")` change them; `lotse-theme` is an event of the window.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const kept = (name) =>
    document.cookie
      .split("; ")
      .find((one) => one.startsWith(`${name}=`))
      ?.slice(name.length + 1);

  function keep(name, value) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }

  function apply() {
    const chosen = kept("lotse_theme");
    const theme = chosen === "dark" || chosen === "light" ? chosen : dark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    window.Quasar?.Dark?.set(theme === "dark");
    window.dispatchEvent(new CustomEvent("lotse-theme", { detail: theme }));
  }

  window.lotse = {
    theme(chosen) {
      keep("lotse_theme", chosen);
      apply();
    },
    language(chosen) {
      keep("lotse_language", chosen);
      location.reload();
    },
  };
  dark.addEventListener("change", apply);
  apply();

  document.addEventListener("click", (event) => {
    const language = event.target.closest?.("[data-language]")?.dataset.language;
    if (language) window.lotse.language(language);
  });

  // What follows the skip link is read on from there: the focus goes with it.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".lt-skip")) return;
    event.preventDefault();
    document.getElementById("lt-main").focus();
  });

  // A reader that does not see NiceGUI's word on a lost connection hears it.
  document.addEventListener("DOMContentLoaded", () => {
    for (const popup of document.querySelectorAll(".nicegui-error-popup")) popup.setAttribute("role", "status");
  });
})();
