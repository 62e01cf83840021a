//! Exactly once: faults at every request of a run, and a real process killed between any two of its statements.

mod faults;
pub(crate) mod journey;
mod kill;
mod proxy;
mod restart;
mod stage;
mod sync;

/// How many issues [`SPEC`] becomes.
const ISSUES: usize = 25;

/// Three groups that wait for one another, items that wait for another item, a label that is not there yet.
const SPEC: &str = "\
@TheOpenProducerBot

labels: reading-club
assignees: alice

## Phase 1: Members

- Build the login form
- Add sessions after the login form
- Write the members table
- Send a mail to new members
- Show the list of members
- Lock accounts after five wrong passwords
- Export the members as a file
- Translate the welcome page

## Phase 2: Books

- Create the books table
- Import the catalogue of the library
- Search books by title after the books table
- Show a book with its picture
- Count the copies on the shelf
- Print labels for the shelf
- Report missing copies

## Phase 3: Meetings

- Plan a meeting in the calendar
- Invite members to a meeting
- Vote for the next book
- Keep the minutes of a meeting
- Remind members a day before
- Publish the calendar as a feed
- Archive meetings of past years
";
