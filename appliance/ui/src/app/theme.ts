// Light or dark: what the person chose, or else what the system says.
const key = 'vprotect.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

export const isDark = () => {
  const chosen = localStorage.getItem(key);
  return chosen ? chosen === 'dark' : system.matches;
};

export function applyTheme() {
  document.documentElement.classList.toggle('pf-v6-theme-dark', isDark());
}

export function chooseTheme(dark: boolean) {
  localStorage.setItem(key, dark ? 'dark' : 'light');
  applyTheme();
}

system.addEventListener('change', applyTheme);
// Paper is white.
window.addEventListener('beforeprint', () => document.documentElement.classList.remove('pf-v6-theme-dark'));
window.addEventListener('afterprint', applyTheme);
