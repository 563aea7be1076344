import { useEffect, useRef, useState } from 'preact/hooks';
import * as load from '../data/optimiser';
import { useAction } from '../data/poll';
import { countOf, sentence } from './words';

type Wish = 'apply' | 'rollback' | 'pause' | 'resume';

interface Props {
  seen: load.Optimiser;
  running: load.Plan | undefined;
  planned: (proposal: load.Proposal | null) => void;
  done: () => void;
}

// What an operator can tell the optimiser. Planning changes nothing; whatever does is asked about once more.
export function OptimiserActions({ seen, running, planned, done }: Props) {
  const { busy, said, run } = useAction();
  const [asked, setAsked] = useState<Wish | null>(null);
  const [note, setNote] = useState('');
  const opener = useRef<HTMLElement | null>(null);
  const off = seen.report === null;
  const target = load.undoable(seen.plans);
  const held = seen.pause.isPaused || seen.report?.state === 'suspended';

  const open = (wish: Wish) => (event: Event) => {
    opener.current = event.currentTarget as HTMLElement;
    setAsked(wish);
  };
  const close = () => {
    setAsked(null);
    opener.current?.focus();
  };
  const plan = () => {
    setAsked(null);
    run(async () => {
      planned(null);
      const { text, report } = await load.wish('plan');
      const proposal = report?.proposal ?? null;
      planned(proposal);
      const moves = proposal?.moves.length ?? 0;
      return moves > 0 ? `Nothing was moved yet: the plan below has ${countOf(moves, 'move')}.` : sentence(proposal?.whyNot || text);
    });
  };
  const carryOut = (wish: Wish) => {
    setAsked(null);
    run(async () => {
      if (wish === 'pause' || wish === 'resume') {
        const { text } = await load.pause(wish, note.trim());
        setNote('');
        done();
        return sentence(text);
      }

      const { text } = await load.wish(wish);
      done();
      return sentence(text);
    });
  };
  return (
    <section class="card actions load-actions" aria-label="What to do">
      <div class="bar" role="group" aria-label="What to tell the optimiser">
        <button type="button" class="quiet" disabled={busy} title="Work out what would be moved now. Nothing is moved." onClick={plan}>
          Plan
        </button>
        <button
          type="button"
          class="quiet"
          disabled={busy || off || running !== undefined}
          title="Make a plan for now and carry it out."
          onClick={open('apply')}
        >
          Apply …
        </button>
        <button
          type="button"
          class="quiet"
          disabled={busy || off || target === undefined}
          title="Move the shards of the plan that runs, or of the last one, back."
          onClick={open('rollback')}
        >
          Roll back …
        </button>
        <button type="button" class="quiet" disabled={busy} onClick={open(held ? 'resume' : 'pause')}>
          {held ? 'Resume …' : 'Pause …'}
        </button>
      </div>
      {asked !== null && (
        <Confirm key={asked} words={questionOf(asked, target)} yes={yesOf[asked]} busy={busy} onYes={() => carryOut(asked)} onNo={close}>
          {(asked === 'pause' || asked === 'resume') && (
            <input
              type="text"
              maxLength={200}
              placeholder="Why? Others will read it."
              aria-label="Note"
              value={note}
              onInput={event => setNote(event.currentTarget.value)}
            />
          )}
        </Confirm>
      )}
      <p class={`said ${said?.bad ? 'bad-text' : ''}`} role="status">
        {busy ? 'Asking the node …' : said === null ? '' : said.bad ? sentence(said.text) : said.text}
      </p>
    </section>
  );
}

const yesOf: Record<Wish, string> = { apply: 'Move them', rollback: 'Move them back', pause: 'Pause', resume: 'Resume' };

function questionOf(wish: Wish, target: load.Plan | undefined): string {
  switch (wish) {
    case 'apply':
      return 'Make a plan from the loads of this moment and move its shards now, whatever the budget of moves says?';
    case 'rollback':
      return target !== undefined && load.isUnderWay(target)
        ? `Stop plan ${target.id} and move back what it has moved?`
        : `Move ${countOf(target?.moves.filter(move => move.progress === 'done').length ?? 0, 'shard')} of plan ${target?.id ?? ''} back to where they were?`;
    case 'pause':
      return 'Begin no move for balance on any node until somebody resumes? What has begun ends as planned; shards of dead nodes are still taken over.';
    case 'resume':
      return 'Let the optimiser go on? What it remembers of failed plans is forgotten.';
  }
}

interface ConfirmProps {
  words: string;
  yes: string;
  busy: boolean;
  onYes: () => void;
  onNo: () => void;
  children?: preact.ComponentChildren;
}

function Confirm({ words, yes, busy, onYes, onNo, children }: ConfirmProps) {
  const form = useRef<HTMLFormElement>(null);
  // The keyboard goes on here: in the note where there is one, else on the first button.
  useEffect(() => form.current?.querySelector<HTMLElement>('input, button')?.focus(), []);
  return (
    <form
      ref={form}
      class="confirm"
      onSubmit={event => {
        event.preventDefault();
        onYes();
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') onNo();
      }}
    >
      <p>{words}</p>
      <div class="bar">
        {children}
        <button type="submit" class="primary" disabled={busy}>
          {yes}
        </button>
        <button type="button" class="quiet" onClick={onNo}>
          No
        </button>
      </div>
    </form>
  );
}
