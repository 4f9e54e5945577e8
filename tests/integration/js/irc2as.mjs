// Translates lines as the TypeScript translator does: a JSON array of lines on each line of stdin, and for it one JSON
// object on stdout: `activities`, and `threw` where a line made it throw. Each array gets a translator of its own.
import { createInterface } from "node:readline";
import { IrcToActivityStreams } from "@sockethub/irc2as";

for await (const text of createInterface({ input: process.stdin })) {
  const { server, lines } = JSON.parse(text);
  const translator = new IrcToActivityStreams({ server });
  const activities = [];
  for (const event of ["incoming", "error"]) translator.events.on(event, (activity) => activities.push(activity));
  let threw = false;
  for (const line of lines) {
    try {
      translator.input(line);
    } catch (error) {
      threw = true;
    }
  }
  process.stdout.write(`${JSON.stringify({ activities, threw })}\n`);
}
