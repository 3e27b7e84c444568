/** Both workers behind one URL, for a runner: the API Worker at `/api`, the Consumer Worker at `/buffer`. */
interface GateEnv {
  API: Fetcher;
  BUFFER: Fetcher;
}

export default {
  fetch(request, env) {
    const url = new URL(request.url);
    const [, worker, ...path] = url.pathname.split('/');
    url.pathname = path.join('/');
    return (worker === 'api' ? env.API : env.BUFFER).fetch(new Request(url, request));
  },
} satisfies ExportedHandler<GateEnv>;
