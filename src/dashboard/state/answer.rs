//! What the user answers while something lies over the view.

use super::State;
use super::filter::Filter;
use super::prompt::Prompt;
use crate::dashboard::action::{Action, Effect};
use crate::dashboard::palette;
use crate::store::control::Command;

/// Lines of the help that a page moves: half of the smallest usual screen.
const HELP_PAGE: i32 = 12;

fn scrolled(lines: u16, by: i32) -> u16 {
    (lines.saturating_add_signed(by.clamp(-100, 100) as i16)).min(200)
}

impl State {
    /// What an action means while something lies over the view.
    pub(super) fn answer(&mut self, action: Action) -> Option<Effect> {
        let mut prompt = self.prompt.take()?;
        match (action, &mut prompt) {
            (Action::Back | Action::Help, _) => return None,
            (Action::Repaint, _) => {
                self.prompt = Some(prompt);
                return Some(Effect::Repaint);
            }
            (Action::Suspend, _) => {
                self.prompt = Some(prompt);
                return Some(Effect::Suspend);
            }
            (Action::Leave | Action::Interrupt, _) => return Some(Effect::Leave),
            (Action::StopRun, Prompt::Leave) => return Some(Effect::StopAndLeave),
            (Action::Move(rows), Prompt::Help { scroll }) => {
                *scroll = scrolled(*scroll, rows);
            }
            (Action::MovePage(pages), Prompt::Help { scroll }) => {
                *scroll = scrolled(*scroll, pages.saturating_mul(HELP_PAGE));
            }
            (Action::Move(rows), Prompt::Palette { text, chosen }) => {
                let last = palette::matching(self, text).len().saturating_sub(1);
                *chosen = chosen.saturating_add_signed(rows as isize).min(last);
            }
            (Action::Type(_) | Action::Erase | Action::EraseAll, _) => prompt.edit(action),
            (Action::Accept, _) => return self.accept(prompt),
            _ => {}
        }
        self.prompt = Some(prompt);
        None
    }

    fn accept(&mut self, prompt: Prompt) -> Option<Effect> {
        match prompt {
            Prompt::Filter { text, .. } => match Filter::parse(&text, &self.trials) {
                Ok(filter) => {
                    self.list.filter = filter;
                    self.list.rebuild(&self.trials);
                }
                Err(error) => {
                    let error = Some(error);
                    self.prompt = Some(Prompt::Filter { text, error });
                }
            },
            Prompt::Jobs { text } => match text.trim().parse() {
                Ok(jobs) if jobs > 0 => return Some(Effect::Send(Command::Jobs { jobs })),
                _ => self.say(&format!(
                    "jobs: '{text}' is not a whole number of at least 1"
                )),
            },
            Prompt::Palette { text, chosen } => {
                let choice = palette::matching(self, &text).into_iter().nth(chosen);
                match choice {
                    Some(choice) => return self.handle(choice.action),
                    None => self.say(&format!(
                        "no command matches '{text}' in this view; ? lists all keys"
                    )),
                }
            }
            Prompt::Confirm { command, .. } => return Some(Effect::Send(command)),
            Prompt::Leave => return Some(Effect::Leave),
            Prompt::Help { .. } | Prompt::Refusal { .. } => {}
        }
        None
    }
}
