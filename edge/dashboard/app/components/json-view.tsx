import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatCount } from '../../logic/counts.ts';
import { colourJson, jsonText } from '../../logic/json-text.ts';
import { CopyButton } from './copy-button.tsx';

/** A JSON value with its name and a copy button. A long value is folded. */
export function JsonView({ name, value }: { name: string; value: unknown }): JSX.Element {
  const text = useMemo(() => jsonText(value), [value]);
  const [unfolded, setUnfolded] = useState(false);
  const isFolded = text.folded !== undefined && !unfolded;
  const shown = text.folded !== undefined && !unfolded ? text.folded : text.shown;
  const tokens = useMemo(() => colourJson(shown), [shown]);
  return (
    <section class="panel" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <CopyButton what={name.toLowerCase()} text={() => text.whole} />
      </header>
      <div class="body">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a region that scrolls */}
        <section class="json" tabIndex={0} aria-label={`${name} as JSON`}>
          <pre>
            {tokens.map(({ part, text: token }, index) =>
              part === 'plain' ? (
                token
              ) : (
                <span key={index} class={part}>
                  {token}
                </span>
              ),
            )}
            {isFolded && '\n…'}
            {!isFolded && text.cut && '\n… the rest is too long to show; the copy button copies all of it'}
          </pre>
        </section>
        {text.folded !== undefined && (
          <button
            type="button"
            class="button small unfold"
            aria-expanded={unfolded}
            onClick={() => setUnfolded(!unfolded)}
          >
            {isFolded ? unfoldText(text.lines, text.whole.length) : 'Show less'}
          </button>
        )}
      </div>
    </section>
  );
}

function unfoldText(lines: number, characters: number): string {
  return lines > 1
    ? `Show all ${formatCount(lines)} lines`
    : `Show all ${formatCount(characters)} characters`;
}
