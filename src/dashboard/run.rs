//! The loop: news of the run directory and keys in, frames and commands out.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::action::{Action, Effect};
use super::documents;
use super::input::Input;
use super::state::{Look, State};
use super::terminal::Screen;
use super::{DashboardError, End, Options, Outcome, keys, layout};
use crate::store::{Command, Provenance, RunDirectory, RunFollower, RunUpdate, send};

/// Time between two looks at the run directory, each of which may draw; a key looks at once.
const BETWEEN_POLLS: Duration = Duration::from_millis(500);
/// Time between two looks at the signals that arrived.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(100);
/// Time between two frames.
const BETWEEN_FRAMES: Duration = Duration::from_millis(100);
/// Rows that one notch of the mouse wheel moves.
const WHEEL: i32 = 3;

/// Shows a run directory until the user leaves.
///
/// The runner, if there is one, is another process: leaving does not touch it, unless the user asks
/// for it to be stopped. At most once per process: afterwards signals end the process as by default.
///
/// # Errors
/// If the terminal cannot be used.
pub fn run(run: RunDirectory, options: Options) -> Result<Outcome, DashboardError> {
    let mut screen = Screen::enter(run.dashboard_log()).map_err(DashboardError::Terminal)?;
    let look = Look {
        theme: options.theme,
        ascii: options.ascii,
    };
    let mut state = State::new(&run, look, options.can_stop);
    state.use_keys(options.keys.clone());
    let mut session = Session {
        state,
        follower: RunFollower::new(run.clone()),
        followed: HashSet::new(),
        documents: documents::Reader::default(),
        run,
        options,
        began: Instant::now(),
        next_poll: Instant::now(),
        next_frame: Instant::now(),
    };
    let end = Input::listen().and_then(|input| session.show(&mut screen, &input));
    // The terminal is given back before anything is printed.
    drop(screen);
    Ok(Outcome {
        end: end.map_err(DashboardError::Terminal)?,
        summary: session.state.summary(),
    })
}

struct Session {
    run: RunDirectory,
    options: Options,
    state: State,
    follower: RunFollower,
    followed: HashSet<String>,
    documents: documents::Reader,
    began: Instant,
    next_poll: Instant,
    next_frame: Instant,
}

impl Session {
    fn show(&mut self, screen: &mut Screen, input: &Input) -> io::Result<End> {
        self.state.resize(screen.size()?);
        loop {
            if let Some(signal) = screen.signals.leaving() {
                return Ok(End::Signal(signal));
            }
            if screen.signals.take_stop() {
                screen.suspend()?;
                self.state.redraw();
            } else if screen.signals.take_continued() {
                screen.resume()?;
                self.state.redraw();
            }
            self.look_at_the_run();
            self.state.tick(self.began.elapsed().as_secs_f64());
            let now = Instant::now();
            if now >= self.next_frame && self.state.settle() {
                screen.draw(&self.state)?;
                self.next_frame = now + BETWEEN_FRAMES;
            }
            if let Some(end) = self.listen(screen, input)? {
                return Ok(end);
            }
        }
    }

    /// Takes over what is new in the run directory, if it is time to look.
    fn look_at_the_run(&mut self) {
        if Instant::now() < self.next_poll {
            return;
        }
        self.next_poll = Instant::now() + BETWEEN_POLLS;
        for trial in self.state.wanted() {
            if self.followed.insert(trial.clone()) {
                self.follower.follow(&trial);
            }
        }
        for update in self.follower.poll() {
            self.state.apply(update);
        }
        if let Some(news) = self.options.queue.as_ref().and_then(|queue| queue()) {
            self.state.show_queue(news);
        }
        for trial in self.state.take_forgotten() {
            self.read_again(&trial);
        }
        if let Some(trial) = self.state.documents_of().map(str::to_owned)
            && let Some(documents) = self.documents.read(&self.run.trial(&trial), &trial)
        {
            self.state.show_documents(documents);
        }
        if self.state.lacks_last_words() {
            let words = documents::last_line(&self.run.runner_log());
            self.state.show_last_words(&words);
        }
        if self.state.lacks_provenance()
            && let Ok(Some(provenance)) = Provenance::read(&self.run.provenance())
        {
            self.state.show_provenance(provenance);
        }
        self.make_table();
    }

    /// Reads the iterations of an ended trial that were let go to save memory.
    fn read_again(&mut self, trial: &str) {
        let directory = self.run.trial(trial);
        let iterations = directory
            .read_iterations()
            .map(|records| RunUpdate::Iterations {
                trial: trial.to_owned(),
                records,
            });
        let layers = directory.read_layers().map(|records| RunUpdate::Layers {
            trial: trial.to_owned(),
            records,
        });
        for update in [iterations, layers] {
            match update {
                Ok(update) => self.state.apply(update),
                Err(error) => self.state.say(&error.to_string()),
            }
        }
    }

    fn make_table(&mut self) {
        let Some(tables) = &self.options.tables else {
            return;
        };
        if let Some((table, request)) = self.state.take_stale_table() {
            let (width, rows) = self.state.table_room();
            let text = tables.text(&table, &request, width, rows);
            self.state.show_table(&text.unwrap_or_else(|error| error));
        }
    }

    /// Waits for keys until there is something else to do, and does what they ask for.
    fn listen(&mut self, screen: &mut Screen, input: &Input) -> io::Result<Option<End>> {
        let now = Instant::now();
        let until = if self.state.is_settled() {
            self.next_poll
        } else {
            self.next_poll.min(self.next_frame)
        };
        let mut patience = until.saturating_duration_since(now).min(BETWEEN_SIGNALS);
        while let Some(event) = input.wait(patience)? {
            patience = Duration::ZERO;
            for action in self.actions(&event) {
                if let Some(effect) = self.state.handle(action)
                    && let Some(end) = self.perform(effect, screen)?
                {
                    return Ok(Some(end));
                }
                // What was just selected is shown without delay.
                self.next_poll = Instant::now();
            }
        }
        Ok(None)
    }

    fn actions(&mut self, event: &Event) -> Vec<Action> {
        match event {
            Event::Key(key) => keys::action_for(*key, &self.state).into_iter().collect(),
            Event::Paste(text) if self.state.is_typing() => {
                text.chars().map(Action::Type).collect()
            }
            Event::Mouse(mouse) => self.clicked(*mouse).into_iter().collect(),
            Event::Resize(width, height) => {
                self.state.resize((*width, *height).into());
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn clicked(&self, mouse: MouseEvent) -> Option<Action> {
        match mouse.kind {
            MouseEventKind::ScrollDown => Some(Action::Move(WHEEL)),
            MouseEventKind::ScrollUp => Some(Action::Move(-WHEEL)),
            MouseEventKind::Down(MouseButton::Left) => {
                layout::click(&self.state, Position::new(mouse.column, mouse.row))
            }
            _ => None,
        }
    }

    fn perform(&mut self, effect: Effect, screen: &mut Screen) -> io::Result<Option<End>> {
        match effect {
            Effect::Leave if self.state.is_live() => return Ok(Some(End::Detached)),
            Effect::Leave => return Ok(Some(End::Ended)),
            Effect::StopAndLeave => {
                if self.send(&Command::Stop) {
                    return Ok(Some(End::StopRequested));
                }
            }
            Effect::Suspend => screen.suspend()?,
            Effect::Repaint => screen.repaint()?,
            Effect::Send(command) => {
                if self.send(&command) {
                    self.state
                        .say("sent; takes effect after the current iterations");
                }
            }
            Effect::Export(request) => {
                let words = match &self.options.tables {
                    None => "cannot save tables here; use nnbcd-tui table".to_owned(),
                    Some(tables) => match tables.export(&self.run, &request) {
                        Ok(paths) => {
                            let paths: Vec<String> = paths
                                .iter()
                                .map(|path| path.display().to_string())
                                .collect();
                            format!("written: {}", paths.join(", "))
                        }
                        Err(error) => error,
                    },
                };
                self.state.say(&words);
            }
        }
        Ok(None)
    }

    fn send(&mut self, command: &Command) -> bool {
        match send(&self.run, command) {
            Ok(()) => true,
            Err(error) => {
                self.state.say(&error.to_string());
                false
            }
        }
    }
}
