/** How a worker ended: the message of the error that ended it, or its exit code. */
export function endingOf(worker) {
  return new Promise((resolve) => {
    let ending = "";
    worker.on("error", (error) => {
      ending = error.message;
    });
    worker.on("exit", (code) => resolve(ending === "" ? `exit ${code}` : ending));
  });
}

/** Resolves once the worker has said `text`. */
export function heard(worker, text) {
  return new Promise((resolve) => worker.on("message", (said) => said === text && resolve()));
}
