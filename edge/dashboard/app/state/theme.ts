import { signal } from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'theme';

/** The theme that the reader has chosen. `auto` follows the system. */
export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'auto');

export function chooseTheme(chosen: Theme): void {
  const { dataset } = document.documentElement;
  if (chosen === 'auto') {
    localStorage.removeItem(KEY);
    delete dataset.theme;
  } else {
    localStorage.setItem(KEY, chosen);
    dataset.theme = chosen;
  }
  theme.value = chosen;
}

const system = matchMedia('(prefers-color-scheme: dark)');

/** Whether the page is dark now, for elements that CSS does not draw. */
export const dark = signal(system.matches);

const settle = () => {
  dark.value = theme.value === 'auto' ? system.matches : theme.value === 'dark';
};
system.addEventListener('change', settle);
theme.subscribe(settle);
