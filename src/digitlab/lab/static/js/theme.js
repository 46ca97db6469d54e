// Runs before anything is painted, so that the page does not flash in the other theme. No module: those wait.
try {
  const kept = localStorage.getItem("digitlab-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // A browser that keeps nothing: the system's theme it is.
}
