// Light or dark as the system says, or as was chosen here.
export type Theme = "system" | "light" | "dark";
const key = "troupe.theme";

export function theme(): Theme {
  const kept = localStorage.getItem(key);
  return kept === "light" || kept === "dark" ? kept : "system";
}
export function applyTheme(to: Theme = theme()): void {
  if (to === "system") {
    localStorage.removeItem(key);
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem(key, to);
    document.documentElement.dataset["theme"] = to;
  }
}
