/** A task as the API Worker stores it in `TASK_STORAGE`. */
export interface StoredTask {
  readonly id: string;
  readonly type: string;
  readonly payload: unknown;
  readonly createdAt: string;
  readonly status: 'pending' | 'processing' | 'completed' | 'failed';
  readonly completedAt?: string;
}

/** A task as the queue carries it. */
export type QueuedTask = Pick<StoredTask, 'id' | 'type' | 'payload' | 'createdAt'>;

/** A task as the Consumer Worker stores it in `TASK_BUFFER` until it is removed. */
export interface BufferedTask extends QueuedTask {
  readonly receivedAt: string;
  readonly status: 'ready' | 'processing';
  readonly claimedAt?: string;
}
