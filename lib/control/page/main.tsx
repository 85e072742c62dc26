/// <reference lib="dom" />
/** The page at the address of `--control`: begins in the browser here. */
import { render } from "preact";
import { Api } from "./api.ts";
import { App } from "./app.tsx";
import { follow } from "./follow.ts";
import { tokenIn } from "./place.ts";
import { Store } from "./store.ts";

const TOKEN_KEY = "netecho-token";

const store = new Store();
const api = new Api(sessionStorage.getItem(TOKEN_KEY) ?? "");
let following = new AbortController();

function followServer(): void {
  following.abort();
  following = new AbortController();
  void follow(store, { api, signal: following.signal });
}

function enterWith(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
  api.token = token;
  store.asksToken = false;
  store.changed();
  followServer();
}

// The token leaves the address bar, and stays until the tab is closed.
function takeToken(): boolean {
  const given = tokenIn(location.hash);
  if (given === undefined) return false;
  history.replaceState(null, "", location.pathname);
  enterWith(given);
  return true;
}

// A page that is not seen lets its connection go, as a browser has few to a server for all its tabs.
document.addEventListener("visibilitychange", () => {
  store.wasAway = true;
  if (document.hidden) following.abort();
  else if (!store.asksToken) followServer();
});
addEventListener("hashchange", takeToken);
if (!takeToken()) followServer();
render(<App store={store} api={api} onToken={enterWith} />, document.getElementById("app")!);
