import { PingLimit } from './ping-limit.ts';

/** Close codes of RFC 6455. */
const NORMAL = 1000;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
/** These only report how a connection ended. They are never sent. */
const NEVER_SENT = [1004, 1005, 1006, 1015];

/**
 * Connects a client to a socket of the ledger. The ledger's messages reach the client, but no message of the client
 * reaches the ledger, where each would be an event that delays claims. `ping` is answered here. Any other message
 * ends both sockets.
 *
 * @returns the client's end, for the response.
 */
export function outgoingOnly(ledger: WebSocket): WebSocket {
  const { 0: theirs, 1: client } = new WebSocketPair();
  const pings = new PingLimit();
  const ended = new AbortController();
  const { signal } = ended;

  const end = (code: number, reason: string) => {
    if (signal.aborted) return;
    ended.abort();
    for (const socket of [client, ledger]) socket.close(code, reason);
  };
  const answer = ({ data }: MessageEvent) => {
    if (data !== 'ping') end(POLICY_VIOLATION, 'This socket accepts no message other than `ping`');
    else if (!pings.isAllowed(Date.now())) end(POLICY_VIOLATION, 'Too many pings: send one every 10 seconds');
    else client.send('pong');
  };

  client.addEventListener('message', answer, { signal });
  ledger.addEventListener('message', ({ data }) => client.send(data), { signal });
  for (const socket of [client, ledger]) {
    socket.addEventListener('close', ({ code, reason }) => end(sendable(code), reason), { signal });
    socket.addEventListener('error', () => end(INTERNAL_ERROR, 'The connection was lost: open it again'), {
      signal,
    });
  }
  client.accept();
  ledger.accept();
  return theirs;
}

function sendable(code: number): number {
  return code < NORMAL || code >= 5000 || NEVER_SENT.includes(code) ? NORMAL : code;
}
