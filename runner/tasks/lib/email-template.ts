import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Eta } from 'eta';
import { NonRetryableError } from '../../task.ts';

const FOLDER = join(import.meta.dirname, '..', 'email-templates');
const HTML = '.html.eta';
const TEXT = '.text.eta';

const html = new Eta({ views: FOLDER, cache: true, autoTrim: false });
const text = new Eta({ views: FOLDER, cache: true, autoTrim: false, autoEscape: false });

/**
 * Renders both parts of a template: `<name>.html.eta` and `<name>.text.eta` in `email-templates/`. Values are
 * escaped in the HTML part and unchanged in the text part.
 *
 * @throws NonRetryableError if there is no such template or the template cannot be rendered with the data.
 */
export async function renderEmail(
  name: string,
  data: Record<string, unknown>,
): Promise<{ html: string; text: string }> {
  // Only a name from this list reaches the file system.
  const names = await templateNames();
  if (!names.includes(name)) {
    throw new NonRetryableError(
      `There is no email template \`${name}\`. The templates are: ${names.join(', ')}.`,
    );
  }
  try {
    return { html: html.render(name + HTML, data), text: text.render(name + TEXT, data) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NonRetryableError(
      `The email template \`${name}\` cannot be rendered with this data: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

async function templateNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith(HTML))
    .map((file) => file.slice(0, -HTML.length))
    .sort();
}
