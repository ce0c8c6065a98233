// Errors in words, with what to do.

import { ApiError } from "./api.js";
import { element } from "./dom.js";

/** What happened and what to do about it. */
export function explained(error) {
  if (error instanceof ApiError) return ofAnswer(error);
  switch (error.name) {
    case "NotAllowedError":
      return ["The microphone is not allowed", "Allow it for this page in the browser's address bar, then try again."];
    case "NotFoundError":
    case "OverconstrainedError":
      return ["There is no microphone", "Connect one, or choose a recording instead."];
    case "NotReadableError":
      return ["The microphone cannot be used", "Another program may have it. Close that program, then try again."];
    case "InsecureContextError":
      return ["The microphone needs a secure connection", "Open this page over https, or on the gateway's own machine."];
    case "ClosedError":
      return ["The connection was closed", `${error.message} Start again to go on.`];
    case "EmptyError":
      return ["There is nothing to recognise", error.message];
    case "EncodingError":
    case "NotSupportedError":
      return ["This audio cannot be played", "The browser does not know its format. Download it instead."];
    default:
      console.error(error); // an error of the page itself
      return ["Something went wrong", "Reload the page and try again. If it happens again, tell your administrator."];
  }
}

function ofAnswer({ status, message, retryAfterS }) {
  const again = retryAfterS ? `Try again in ${retryAfterS} s.` : "Try again in a moment.";
  switch (status) {
    case 0:
      return ["The server cannot be reached", "Check your network, and that the gateway is running. Then try again."];
    case 401:
      return ["A key is needed", "Ask your administrator for one, then try again."];
    case 403:
      return ["This is not allowed", message || "Your key does not allow this. Ask for one that does."];
    case 404:
      return ["It is not there any more", "It may have been deleted. Reload the history."];
    case 408:
      return ["The upload took too long", "Check your network, or choose a shorter recording."];
    case 413:
      return ["The recording is too large", message || "Choose a shorter one, or save it in a smaller format such as MP3."];
    case 429:
      return ["Too many requests", `Your key's limit is reached. ${again}`];
    case 503:
      return ["The server is starting or busy", `${message || "It cannot take this now."} ${again}`];
    case 504:
      return ["The server took too long", "Try again, or with something shorter."];
    default:
      if (status < 500) return ["The server did not accept this", message || "Check what you entered, then try again."];
      return ["The server failed", "Try again. If it happens again, tell your administrator."];
  }
}

/** Show an error in a view; `again` is what a button does. */
export function show(view, error, again) {
  if (error.name === "AbortError") return;
  const [title, advice] = explained(error);
  const notice = view.querySelector(".notice");
  const button = again && element("button", { type: "button", class: "quiet", onclick: () => (clear(view), again()) }, "Try again");
  notice.replaceChildren(
    element("strong", {}, title),
    element("p", {}, advice),
    ...(button ? [element("div", { class: "actions" }, button)] : []),
  );
  notice.hidden = false;
}

/** Take the error of a view away. */
export function clear(view) {
  const notice = view.querySelector(".notice");
  notice.hidden = true;
  notice.replaceChildren();
}
