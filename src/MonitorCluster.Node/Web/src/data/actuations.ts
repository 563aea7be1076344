import { get } from './api';

// A policy for a watched service. How it stands knows only the node that acts for it: on others it is 'elsewhere'.
export interface Policy {
  name: string;
  file: string;
  endpoint: string;
  backend: string;
  isDryRun: boolean;
  owner: string | null;
  status: string;
  words: string;
  lookedAt: string | null;
  servers: Server[];
}
export interface Server {
  name: string;
  weight: number;
  initialWeight: number;
  isUp: boolean;
  latencySeconds: number | null;
}
export interface Action {
  id: number;
  policy: string;
  target: string;
  param: string;
  initialValue: number;
  oldValue: number;
  newValue: number;
  state: string;
  reason: string;
  decidedAt: string;
  // When it ends by itself; null once it is over.
  endsAt: string | null;
  endedAt: string | null;
}
export interface Actuations {
  isOn: boolean;
  policies: Policy[];
  actions: Action[];
}

export function actuations(signal?: AbortSignal): Promise<Actuations> {
  return get('/api/v1/actuations', {}, signal);
}
