/** The reference of the public packages. `npm run docs` writes it to `docs/dist`. */
export default {
  name: 'edge-task-queue',
  readme: 'none',
  entryPoints: [
    '../client/client.ts',
    '../runner/task.ts',
    '../runner/project/run-task.ts',
    '../edge/contract/ledger/api.ts',
  ],
  tsconfig: 'tsconfig.json',
  // `tsc` checks the types.
  skipErrorChecking: true,
  disableSources: true,
  out: 'dist',
  excludePrivate: true,
  excludeInternal: true,
  packagesRequiringDocumentation: ['client', 'runner', 'edge'].map((name) => `@edge-task-queue/${name}`),
  requiredToBeDocumented: ['Function', 'Class', 'Interface', 'TypeAlias', 'Method', 'Accessor'],
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
};
