import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { defineTask, type TaskContext } from './task.ts';

/** Holds only for one and the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(verdict: Same<A, B>) => assert.ok(verdict);

test('the type of a task’s environment has the names in its definition', () => {
  const payload = z.object({});
  const mail = defineTask({
    type: 'mail',
    lane: 'io',
    payload,
    env: ['SMTP_URL', 'MAIL_FROM'],
    run(_, { env }) {
      same<typeof env, Readonly<Record<'SMTP_URL' | 'MAIL_FROM', string | undefined>>>(true);
      // @ts-expect-error: the definition does not name it
      return env.OTHER;
    },
  });
  same<typeof mail.env, readonly ('SMTP_URL' | 'MAIL_FROM')[] | undefined>(true);
  defineTask({
    type: 'plain',
    lane: 'io',
    payload,
    // @ts-expect-error: the definition names no variable
    run: (_, { env }) => env.SMTP_URL,
  });
  defineTask({
    type: 'shared',
    lane: 'io',
    payload,
    env: ['SMTP_URL'],
    // A helper that needs no variable takes the context of any task.
    run: (_, context) => ((any: TaskContext) => any.taskId)(context),
  });
  defineTask({
    type: 'frozen',
    lane: 'io',
    payload,
    env: ['SMTP_URL'],
    run(_, { env }) {
      // @ts-expect-error: it cannot be changed
      env.SMTP_URL = 'other';
    },
  });
});
