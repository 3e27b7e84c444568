import assert from 'node:assert/strict';

/** A family of metrics in a scrape. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** The values by the sample's name and labels as written, such as `jobs_total{lane="cpu"}`. */
  readonly samples: Map<string, number>;
}

const HELP = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/;
const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(String.raw`^(([a-zA-Z_:][\w:]*)(?:\{${LABEL}(?:,${LABEL})*\})?) (\S+)$`);

/** Reads the Prometheus text format, version 0.0.4. Fails at the first invalid line. */
export function parsePrometheus(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line must end with a line feed');
  const families = new Map<string, Family>();
  let [help, name]: (string | undefined)[] = [];
  for (const line of text.split('\n').filter(Boolean)) {
    const told = HELP.exec(line);
    const typed = TYPE.exec(line);
    const sample = SAMPLE.exec(line);
    if (told) [, name, help] = told;
    else if (typed) {
      assert.equal(typed[1], name, `${line} must follow its help`);
      families.set(typed[1] ?? '', { type: typed[2] ?? '', help: help ?? '', samples: new Map() });
    } else {
      assert.ok(sample, `"${line}" is not a sample`);
      const [, key = '', sampleName = '', value = ''] = sample;
      const family = families.get(name ?? '');
      assert.ok(
        family && sampleName.replace(/_(?:bucket|sum|count)$/, '') === name,
        `${line} must belong to ${name}`,
      );
      assert.ok(!family.samples.has(key), `${key} must occur only once`);
      assert.match(value, /^(?:[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|Inf)|NaN)$/i);
      family.samples.set(key, Number(value.replace('Inf', 'Infinity')));
    }
  }
  return families;
}
