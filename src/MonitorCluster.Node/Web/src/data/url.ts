import { Store } from './store';

// The address is the state: a copied link shows the same thing to somebody else.

export interface Place {
  path: string;
  params: URLSearchParams;
}

function read(): Place {
  return { path: location.pathname.replace(/\/+$/, '') || '/', params: new URLSearchParams(location.search) };
}

export const place = new Store<Place>(read());

addEventListener('popstate', () => place.set(read()));

export function hrefOf(path: string, params: Record<string, string | null> = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value) query.set(key, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export function go(href: string): void {
  history.pushState(null, '', href);
  place.set(read());
  scrollTo(0, 0);
}

// Changes parameters of the current page in place: choosing a window is no step to come back from.
export function setParams(changes: Record<string, string | null>): void {
  const params = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value) params.set(key, value);
    else params.delete(key);
  }

  const text = params.toString();
  history.replaceState(null, '', text ? `${location.pathname}?${text}` : location.pathname);
  place.set(read());
}

// Links inside the page change the place without loading it again; with a modifier key the browser does what it always does.
document.addEventListener('click', event => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.origin !== location.origin || link.target || !pages.has(link.pathname)) return;
  event.preventDefault();
  go(link.href);
});

export const pages: ReadonlySet<string> = new Set(['/', '/incidents', '/anomalies', '/alerts', '/explore', '/cluster']);
