// Before anything is painted: the theme that was chosen in this browser, if one was.
try {
  const chosen = localStorage.getItem('xcron-theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden: then it is the system's theme.
}
