import { useStore } from '../data/store';
import { place, setParams } from '../data/url';

export const windows = [
  { name: '5m', label: '5 min', seconds: 300 },
  { name: '15m', label: '15 min', seconds: 900 },
  { name: '1h', label: '1 h', seconds: 3600 },
] as const;

export function windowOf(name: string | null): number {
  return windows.find(choice => choice.name === name)?.seconds ?? windows[0].seconds;
}

export function WindowPicker() {
  const seconds = windowOf(useStore(place).params.get('w'));
  return (
    <div class="segments" role="group" aria-label="Time window">
      {windows.map((choice, i) => (
        <button
          key={choice.name}
          type="button"
          aria-pressed={choice.seconds === seconds}
          title={`Press ${i + 1}`}
          onClick={() => setParams({ w: choice.name, zoom: null })}
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}
