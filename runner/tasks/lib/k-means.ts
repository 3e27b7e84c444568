import { setImmediate } from 'node:timers/promises';
import { kmeansGenerator } from 'ml-kmeans';
import { mean, shuffle, silhouette } from 'simple-statistics';
import { NonRetryableError } from '../../task.ts';
import { scalesOf, standardise } from './scale.ts';

export interface Clustering {
  readonly kind: 'k_means';
  /** The largest cluster comes first. A centre is in the columns' own units. */
  readonly clusters: readonly { readonly size: number; readonly centre: Record<string, number> }[];
  readonly rows: number;
  readonly iterations: number;
  readonly converged: boolean;
  /** The share of the standardised variance that is between the clusters, 0 to 1. */
  readonly explainedVariance: number;
  /** The mean silhouette of a sample, -1 to 1. Near 1, the clusters are well separated. */
  readonly silhouette: number;
}

const MAX_ITERATIONS = 100;
/** A silhouette needs the distance of every pair of rows, so the sample is small. */
const SILHOUETTE_ROWS = 500;

/**
 * Groups complete rows into clusters by their standardised columns.
 *
 * @param count - the number of clusters, at least 2.
 * @throws NonRetryableError if there are fewer different rows than clusters.
 */
export async function findClusters(
  names: readonly string[],
  rows: readonly number[][],
  count: number,
  random: () => number,
  signal: AbortSignal,
): Promise<Clustering> {
  if (new Set(rows.map((row) => row.join())).size < count) {
    throw new NonRetryableError(
      `There are fewer than ${count} different complete rows; reduce \`clusters\`.`,
    );
  }
  const scales = scalesOf(rows);
  const points = rows.map((row) => standardise(row, scales));
  const result = await converge(points, count, Math.floor(random() * 2 ** 31), signal);

  const squares = points.map((point, index) => {
    const centroid = result.centroids[result.clusters[index] ?? 0] ?? [];
    const offset = point.map((value, column) => value - (centroid[column] ?? 0));
    return { within: squaredLength(offset), total: squaredLength(point) };
  });
  const clusters = result.centroids.map((centroid, cluster) => ({
    size: result.clusters.filter((assigned) => assigned === cluster).length,
    centre: Object.fromEntries(
      scales.map(({ mean, deviation }, index) => [names[index], (centroid[index] ?? 0) * deviation + mean]),
    ),
  }));
  return {
    kind: 'k_means',
    clusters: clusters.toSorted((a, b) => b.size - a.size),
    rows: rows.length,
    iterations: result.iterations,
    converged: result.converged,
    explainedVariance:
      1 - mean(squares.map(({ within }) => within)) / mean(squares.map(({ total }) => total)),
    silhouette: meanSilhouette(points, result.clusters, random),
  };
}

/** Yields to the event loop between iterations, so an abort can take effect. */
async function converge(points: number[][], count: number, seed: number, signal: AbortSignal) {
  for (const result of kmeansGenerator(points, count, { seed, maxIterations: MAX_ITERATIONS })) {
    if (result.converged || result.iterations === MAX_ITERATIONS) return result;
    await setImmediate();
    signal.throwIfAborted();
  }
  throw new Error('k-means ended without a result');
}

function meanSilhouette(points: number[][], clusters: readonly number[], random: () => number): number {
  const sample = shuffle([...points.keys()], random).slice(0, SILHOUETTE_ROWS);
  const present = [...new Set(sample.map((index) => clusters[index]))];
  if (present.length < 2) return 0;
  return mean(
    silhouette(
      sample.map((index) => points[index] ?? []),
      sample.map((index) => present.indexOf(clusters[index])),
    ),
  );
}

function squaredLength(vector: readonly number[]): number {
  return vector.reduce((sum, value) => sum + value ** 2, 0);
}
