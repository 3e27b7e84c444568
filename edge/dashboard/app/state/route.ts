import { signal } from '@preact/signals';
import { parseRoute, type Route } from '../../logic/route.ts';

/** The route of the current address. */
export const route = signal<Route>(parseRoute(location.hash));

const read = () => {
  route.value = parseRoute(location.hash);
};
addEventListener('hashchange', read);
addEventListener('popstate', read);

/** Goes to an address of this page. It adds an entry to the history, or replaces the current one. */
export function navigate(href: string, { replace = false, state = null as unknown } = {}): void {
  if (href === location.hash) return;
  if (replace) history.replaceState(history.state, '', href);
  else history.pushState(state, '', href);
  read();
}
