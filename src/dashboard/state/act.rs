//! What actions do to the state.

use crate::measure::Quantity;
use crate::store::RunnerState;
use crate::store::control::Command;

use super::filter::Filter;
use super::prompt::Prompt;
use super::{Phase, Picture, Row, State, View, shifted};
use crate::dashboard::action::{Action, Effect};
use crate::dashboard::columns::Columns;
use crate::dashboard::layout;
use crate::dashboard::view;

/// The closest look: the last 1/2^10 of the iterations.
const CLOSEST: u32 = 10;

impl State {
    /// Does what the user asks for, as far as it concerns what is shown; the rest is for the loop.
    pub fn handle(&mut self, action: Action) -> Option<Effect> {
        self.stale.screen = true;
        self.notice = None;
        self.order();
        if self.prompt.is_some() {
            return self.answer(action);
        }
        match action {
            Action::Suspend => return Some(Effect::Suspend),
            Action::Repaint => return Some(Effect::Repaint),
            Action::Interrupt if self.can_stop && self.is_live() && !self.is_shared() => {
                self.prompt = Some(Prompt::Leave);
            }
            Action::Leave | Action::Interrupt => return Some(Effect::Leave),
            Action::Help => self.prompt = Some(Prompt::Help { scroll: 0 }),
            Action::Theme => self.look.theme = self.look.theme.next(),
            Action::Show(view) => self.show(view),
            Action::NextView => self.show(self.view.shifted(1)),
            Action::PreviousView => self.show(self.view.shifted(View::ALL.len() - 1)),
            Action::Palette => {
                self.prompt = Some(Prompt::Palette {
                    text: String::new(),
                    chosen: 0,
                });
            }
            Action::Filter => {
                let text = self.list.filter.text.clone();
                self.prompt = Some(Prompt::Filter { text, error: None });
            }
            Action::Back => self.back(),
            Action::Pause | Action::Cancel | Action::Retry => self.ask_trials(action),
            Action::PauseRun | Action::StopRun | Action::Jobs => self.ask_run(action),
            Action::Export => return Some(Effect::Export(self.table_request())),
            Action::Type(_) | Action::Erase | Action::EraseAll | Action::Accept => {}
            // A single trial has no seeds to show: it opens itself.
            Action::Expand if !matches!(self.list.selected_row(), None | Some(Row::Group(_))) => {
                self.show(View::Trial);
            }
            Action::MovePage(pages) if self.view == View::Trial => self.scroll_trial(pages),
            Action::Move(_)
            | Action::MovePage(_)
            | Action::First
            | Action::Last
            | Action::Pick(_)
            | Action::Expand
            | Action::Collapse
            | Action::Mark
            | Action::Unmark
            | Action::Sort(_)
            | Action::SortAt(_)
            | Action::Reverse => self.use_list(action),
            Action::Choose(_)
            | Action::ChooseRows(_)
            | Action::ChooseColumns(_)
            | Action::Cursor(_)
            | Action::Zoom(_)
            | Action::LogIterations
            | Action::LogValues
            | Action::Band => self.choose(action),
        }
        None
    }

    fn show(&mut self, view: View) {
        self.view = view;
        self.scroll = 0;
        self.stale.table = true;
    }

    fn scroll_trial(&mut self, pages: i32) {
        let (page, last) = view::trial_pages(self);
        let lines = page.cast_signed().saturating_mul(pages as isize);
        self.scroll = self.scroll.saturating_add_signed(lines).min(last);
    }

    fn back(&mut self) {
        if self.view == View::Overview {
            self.list.filter = Filter::default();
            self.list.rebuild(&self.trials);
        } else {
            self.show(View::Overview);
        }
    }

    fn use_list(&mut self, action: Action) {
        let rows = self.list.rows.len();
        let height = usize::from(layout::list_height(self.size, self.is_over(), rows));
        let (list, trials) = (&mut self.list, &self.trials);
        self.scroll = 0;
        match action {
            Action::Move(rows) => list.step(rows as isize, height, trials),
            Action::MovePage(pages) => {
                let rows = height.cast_signed().saturating_mul(pages as isize);
                list.step(rows, height, trials);
            }
            Action::First => list.step(isize::MIN, height, trials),
            Action::Last => list.step(isize::MAX, height, trials),
            Action::Pick(line) => list.pick(usize::from(line), height, trials),
            Action::Expand => list.expand(true, trials),
            Action::Collapse => list.expand(false, trials),
            Action::Mark => list.mark(trials),
            Action::Unmark => list.marks.clear(),
            Action::Sort(by) => {
                list.sort = list.sort.shifted(by);
                list.rebuild(trials);
            }
            Action::SortAt(place) => {
                let columns = Columns::fitting(usize::from(self.size.width), list, trials);
                match columns.sort_at(usize::from(place)) {
                    Some(sort) if sort == list.sort => list.descending = !list.descending,
                    Some(sort) => list.sort = sort,
                    None => return,
                }
                list.rebuild(trials);
            }
            Action::Reverse => {
                list.descending = !list.descending;
                list.rebuild(trials);
            }
            _ => {}
        }
    }

    fn choose(&mut self, action: Action) {
        let swept = self.trials.swept.len();
        let convergence = &mut self.convergence;
        match (action, self.view) {
            (Action::Choose(by), View::Convergence) => {
                let next = shifted(convergence.picture as usize, by, Picture::ALL.len());
                convergence.picture = Picture::ALL[next];
                convergence.other_scale = false;
            }
            (Action::Choose(by), View::Table) => {
                self.table.metric = shifted(self.table.metric, by, Quantity::CHOICES.len() + 1);
            }
            (Action::Choose(by), _) => {
                self.metric = shifted(self.metric, by, Quantity::CHOICES.len());
            }
            (Action::ChooseRows(by), View::Table) => {
                self.table.rows = shifted(self.table.rows, by, swept + 1);
            }
            (Action::ChooseColumns(by), View::Table) => {
                self.table.columns = shifted(self.table.columns, by, swept + 1);
            }
            (Action::ChooseRows(by), _) => {
                self.margins.rows = shifted(self.margins.rows, by, swept);
            }
            (Action::ChooseColumns(by), _) => {
                self.margins.columns = shifted(self.margins.columns, by, swept + 1);
            }
            (Action::Cursor(by), _) => {
                let place = i32::from(convergence.cursor.unwrap_or(0)) - by;
                let widest = i32::from(self.size.width);
                convergence.cursor = Some(place.clamp(0, widest) as u16);
            }
            (Action::Zoom(by), _) => {
                convergence.zoom = convergence.zoom.saturating_add_signed(by).min(CLOSEST);
            }
            (Action::LogIterations, _) => convergence.log_iterations = !convergence.log_iterations,
            (Action::LogValues, _) => convergence.other_scale = !convergence.other_scale,
            (Action::Band, View::Margins) => self.margins.fixed = !self.margins.fixed,
            (Action::Band, _) => convergence.each_seed = !convergence.each_seed,
            _ => {}
        }
        self.stale.table = true;
    }

    fn ask_trials(&mut self, action: Action) {
        if self.is_shared() {
            return self.refuse(action);
        }
        let chosen = |wanted: fn(Phase) -> bool| -> Vec<String> {
            (self.list.selected_trials(&self.trials).into_iter())
                .map(|position| &self.trials.all[position])
                .filter(|trial| wanted(trial.phase))
                .map(|trial| trial.row.trial.clone())
                .collect()
        };
        let (word, trials) = match action {
            Action::Cancel => ("Cancel", chosen(|phase| !phase.is_over())),
            Action::Retry => (
                "Rerun",
                chosen(|phase| matches!(phase, Phase::Failed | Phase::Stopped | Phase::Lost)),
            ),
            _ => match chosen(|phase| phase == Phase::Paused) {
                paused if !paused.is_empty() => ("Resume", paused),
                _ => ("Pause", chosen(|phase| phase == Phase::Running)),
            },
        };
        if trials.is_empty() {
            self.say(&format!("{word}: not possible for any selected trial"));
            return;
        }
        let question = format!("{word} {}?", counted(trials.len()));
        let command = match word {
            "Cancel" => Command::Cancel { trials },
            "Rerun" => Command::Retry { trials },
            "Resume" => Command::ResumeTrials { trials },
            _ => Command::PauseTrials { trials },
        };
        self.ask(Prompt::Confirm { question, command });
    }

    fn ask_run(&mut self, action: Action) {
        if self.is_shared() {
            return self.refuse(action);
        }
        let paused =
            (self.runner.as_ref()).is_some_and(|runner| runner.state == RunnerState::Paused);
        let (question, command) = match action {
            Action::Jobs => {
                return self.ask(Prompt::Jobs {
                    text: String::new(),
                });
            }
            Action::StopRun => (
                "Stop the run after the current iterations? Trials keep their checkpoints.",
                Command::Stop,
            ),
            _ if paused => ("Resume the run?", Command::Resume),
            _ => ("Pause all trials?", Command::Pause),
        };
        let question = question.to_owned();
        self.ask(Prompt::Confirm { question, command });
    }

    fn ask(&mut self, prompt: Prompt) {
        if self.is_live() {
            self.prompt = Some(prompt);
        } else {
            self.say("no runner is active; repeat the command to run the missing trials");
        }
    }
}

fn counted(trials: usize) -> String {
    match trials {
        1 => "1 trial".to_owned(),
        several => format!("{several} trials"),
    }
}
