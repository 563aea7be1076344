import { Store } from '../data/store';
import { place, setParams } from '../data/url';
import type { Span } from './plot';

// The stretch of time all charts show together, or null when they follow the clock. Part of the address: ?zoom=FROM-TO.

function read(): Span | null {
  const match = /^(\d+)-(\d+)$/.exec(place.value.params.get('zoom') ?? '');
  return match && Number(match[2]) > Number(match[1]) ? { from: Number(match[1]), to: Number(match[2]) } : null;
}

export const zoom = new Store<Span | null>(read());

zoom.subscribe(() => {
  const span = zoom.value;
  const text = span && `${Math.floor(span.from)}-${Math.ceil(span.to)}`;
  if (text !== place.value.params.get('zoom')) setParams({ zoom: text });
});

place.subscribe(() => {
  if (!place.value.params.has('zoom')) zoom.set(null);
});
