// Requests to the gateway: the key, and errors in one form.

const KEY = "tritone.key"; // in sessionStorage, until the tab is closed
let askForKey = async () => null;

/** An answer that is an error, or none at all (status 0). */
export class ApiError extends Error {
  constructor(status, message, { code = "", retryAfterS = null } = {}) {
    super(message);
    Object.assign(this, { status, code, retryAfterS });
  }
}

/** Register what asks the person for a key; it returns null if there is none. */
export function onMissingKey(ask) {
  askForKey = ask;
}

export const key = () => sessionStorage.getItem(KEY);

export function setKey(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
  document.dispatchEvent(new Event("keychange"));
}

/** The address of a path of the gateway, wherever the page is served. */
export const address = (path) => new URL(path, document.baseURI);

/** Send a request and return the response; asks for a key where one is needed. */
export async function request(path, options = {}) {
  for (;;) {
    let response;
    try {
      response = await fetch(address(path), { ...options, headers: headers(options.headers) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "The gateway does not answer.");
    }
    if (response.ok) return response;
    const problem = await described(response.status, (name) => response.headers.get(name), () => response.text());
    if (!(await mayTryAgain(problem))) throw problem;
  }
}

/** Send JSON or nothing, and return the JSON of the answer. */
export async function json(path, { body, ...options } = {}) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await request(path, { ...options, ...sent });
  return response.status === 204 ? null : response.json();
}

/** Upload a form and return the JSON of the answer. `progress` gets the share that has been sent. */
export async function upload(path, form, { progress, signal }) {
  for (;;) {
    const answer = await new Promise((resolve, reject) => {
      const sending = new XMLHttpRequest(); // fetch does not tell how much has been sent
      sending.open("POST", address(path));
      for (const [name, value] of Object.entries(headers())) sending.setRequestHeader(name, value);
      sending.upload.addEventListener("progress", (event) => progress(event.loaded / event.total));
      sending.addEventListener("error", () => reject(new ApiError(0, "The gateway does not answer.")));
      sending.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
      sending.addEventListener("load", () => {
        if (sending.status >= 300) resolve(described(sending.status, (name) => sending.getResponseHeader(name), () => sending.responseText));
        else parsed(sending.responseText).then(resolve, reject);
      });
      signal.addEventListener("abort", () => sending.abort());
      sending.send(form);
    });
    if (!(answer instanceof ApiError)) return answer;
    if (!(await mayTryAgain(answer))) throw answer;
  }
}

/** The bytes of a record's audio. The address in the record may be that of another host name. */
export async function audioOf(record) {
  const path = new URL(record.audio).pathname;
  const response = await request(path.slice(path.indexOf("/media/") + 1));
  return response.blob();
}

async function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(502, "Something between the browser and the gateway answered.");
  }
}

const headers = (more = {}) => (key() ? { ...more, Authorization: `Bearer ${key()}` } : { ...more });

async function mayTryAgain(problem) {
  if (problem.status !== 401) return false;
  const hadKey = key() !== null;
  const given = await askForKey(hadKey ? problem.message : "");
  if (!given) return false;
  setKey(given);
  return true;
}

// Each API has its own form of errors.
async function described(status, header, text) {
  let body = {};
  try {
    body = JSON.parse(await text());
  } catch {
    // a proxy's page: the status says enough
  }
  const error = typeof body.error === "object" && body.error ? body.error : {};
  const message = body.detail ?? error.message ?? body.err_msg ?? "";
  const code = body.code ?? error.code ?? body.err_code ?? "";
  const retryAfterS = Number(header("Retry-After")) || null;
  return new ApiError(status, typeof message === "string" ? message : "", { code, retryAfterS });
}
