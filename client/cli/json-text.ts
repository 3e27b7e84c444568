/**
 * Parses JSON that a person wrote.
 *
 * @param from the name of the source in the error: a flag or a file.
 * @param firstLine the line of the file at which the text begins.
 * @throws {Error} with the reason and the position, and with that line and a mark below it.
 */
export async function parseJsonText(text: string, from: string, firstLine = 1): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser that locates the fault is loaded only if there is one.
    const { excerpt, findFault } = await import('../json-fault.ts');
    const fault = findFault(text, String(error));
    const place = `line ${firstLine + fault.line - 1}, column ${fault.column}`;
    const line = excerpt(text, fault);
    const shown = `  ${line.text.replaceAll('\t', ' ')}\n  ${' '.repeat(line.at)}^`;
    throw new Error(`${from} is not JSON: ${fault.message} at ${place}\n${shown}`);
  }
}
