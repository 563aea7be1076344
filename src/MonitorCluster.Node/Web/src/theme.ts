// Runs before the first paint, so that a chosen theme never flashes the other one. Without a choice the system's scheme applies.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset['theme'] = theme;
} catch {
  // Storage can be forbidden by the browser; the system's scheme is then used.
}
