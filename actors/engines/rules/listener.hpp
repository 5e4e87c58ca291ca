#pragma once

#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/requests.hpp"

#include <unordered_set>
#include <utility>

namespace troupe::rules {

/// The state of a talk while it is followed; `follow` feeds it unit by unit.
///
/// A proposal or question stays pending for three turns. Answers settle it: yes makes it a line of
/// a thread, no puts it out, other content takes its place. A demand is a line at once and may be
/// taken back by its speaker or turned down by the next one.
class listener {
public:
  listener(transcript const& t, std::vector<unit> const& units, name_list const& names);
  void hear(std::size_t i);
  [[nodiscard]] outcome finish();

private:
  struct pending {
    std::size_t unit = 0;
    std::string text;        ///< what a yes would make of it
    std::string lead;        ///< how it stands before an answer
    std::string parent_lead; ///< lead of the question that this one answers
    std::string subject;     ///< topic that it opens
    bool weak = false;       ///< a wish, not a question: content is no answer to it
    bool elsewhere = false;  ///< shares no word with what was talked about
    bool answered = false;
    bool rejected = false;
    std::ptrdiff_t thread = -1;
    std::vector<std::size_t> more; ///< units that belong to it
  };

  /// Something that goes wrong, as it was told.
  struct fault {
    std::size_t unit = 0;
    fault_report report;
  };

  [[nodiscard]] unit const& at(std::size_t i) const { return units_[i]; }
  [[nodiscard]] bool fresh(std::ptrdiff_t thread, std::size_t turn, std::size_t turns) const;
  [[nodiscard]] pending* open_question(unit const& u, bool weak_too); ///< newest that waits
  [[nodiscard]] matter matter_of(unit const& u) const;
  [[nodiscard]] double overlap(std::vector<std::string> const& terms, thread const& t) const;
  [[nodiscard]] bool about_work(unit const& u) const;
  [[nodiscard]] bool label_free_now() const { return label_open_ && label_thread_ < 0; }

  void take_in(std::size_t i);
  bool hear_section(std::size_t i);
  bool hear_label(std::size_t i);
  bool hear_topic_talk(std::size_t i); ///< `can I come back to the ads?`, `about the screen.`
  void turn_to(std::string const& topic, std::size_t i, bool back);
  void hear_question(std::size_t i);
  bool hear_refusal(std::size_t i); ///< true: the unit is done with
  /// What the speaker wished in the same breath is put off; false where there is nothing.
  bool take_back_own(std::size_t i);
  void hear_agreement(std::size_t i);
  bool hear_correction(std::size_t i);
  bool hear_swap(std::size_t i);
  void hear_keeping(std::size_t i);
  void hear_content(std::size_t i);
  [[nodiscard]] bool noted(unit const& u) const { return u.turn >= transcript_.notes_from; }
  /// `No, leave the colours.`: keeps as it is what was just turned down, and asks for nothing.
  [[nodiscard]] bool keeps_refused(std::size_t i) const;
  /// Whether a demand is about another thing than a thread: its subject or its object was never
  /// named there.
  [[nodiscard]] bool other_thing(unit const& u, thread const& t) const;
  bool hear_repair(std::size_t i); ///< `that's a bug, we must fix it`: true if it is one
  bool hear_note(std::size_t i);   ///< a sentence of the notes: true if the unit is done with
  [[nodiscard]] bool repeats(unit const& u, thread const& t) const;
  void withdraw(unit const& u);
  bool hear_strike(std::size_t i);      ///< `forget the map`: true if it took something back
  void hear_reversal(std::size_t i);    ///< `let's wait instead`: the earlier decision falls
  void hear_reproach(std::size_t i);    ///< `rejected is harsh`: so does what the next one
                                        ///< replaces
  bool hear_fault(std::size_t i);       ///< `X crashes on …`: true if the unit is done with
  bool hear_echo(std::size_t i);        ///< `skip silently? I'd rather …`: only doubts
  bool hear_alternative(std::size_t i); ///< `I'd rather …`: takes the place of a proposal
  void restore(std::size_t refused);    ///< what it took the place of holds again
  void take_request(pending const& p);
  void take_up_rest();
  [[nodiscard]] fault const* fault_before(std::size_t i) const;
  std::ptrdiff_t thread_of(fault const& f, unit const& u);
  bool strike(std::vector<std::string> const& terms, std::size_t i, std::size_t turns);
  [[nodiscard]] bool next_agrees(std::size_t i) const; ///< the next speaker begins with a yes
  [[nodiscard]] bool introduces(unit const& u) const;  ///< asks for a thing not named before
  void note_names(unit const& u);

  void accept(pending& p, std::size_t by);
  void put_out(std::string const& text, std::size_t i, std::vector<std::size_t> const& more);
  std::ptrdiff_t place(unit const& u, bool core, pending const* answered);
  line& add_line(std::ptrdiff_t thread, std::size_t i, std::string text, bool core);
  std::ptrdiff_t new_thread(matter about, std::string label);
  void note_terms(std::ptrdiff_t thread, std::vector<word> const& words);
  void expire(std::size_t turn);

  transcript const& transcript_;
  std::vector<unit> const& units_;
  name_list const& names_;
  term_weights weights_;
  std::unordered_set<std::string> wanted_; ///< stems of demands and proposals
  std::unordered_set<std::string> named_;  ///< identifiers that were said
  duty_finder duties_;
  due_tracker due_;
  outcome out_;
  std::vector<pending> pending_;
  std::vector<fault> faults_;
  std::vector<std::size_t> unplaced_;                 ///< demands without a word of the work
  std::pair<std::size_t, std::size_t> swapped_{0, 0}; ///< what was preferred, and to what
  std::ptrdiff_t focus_ = -1;
  std::string label_; ///< topic that was opened last
  std::size_t label_turn_ = 0;
  std::ptrdiff_t label_thread_ = -1; ///< thread that took the label; -1: nobody yet
  bool label_open_ = false;
  bool label_loose_ = false;   ///< the label is what the whole talk is about: no
                               ///< demand repeats it
  bool topic_break_ = false;   ///< `second thing.`: the next fragment is a label
  std::ptrdiff_t forced_ = -1; ///< thread that takes the next demand, -1: none
  std::size_t finding_ = 0;    ///< turn that reports a find, plus one: the next demand is about it
  std::size_t reversal_ = 0;   ///< turn in which somebody changes their mind, plus one
  std::size_t revisit_ = 0;    ///< turn in which an earlier topic was taken up again, plus one
  std::size_t struck_ = 0;     ///< turn in which something was taken back by name, plus one
  std::size_t recap_ = 0;      ///< turn that only repeats for a latecomer
  std::size_t refused_ = 0;    ///< turn of the last refusal for now, plus one
  std::size_t side_talk_ = 0;  ///< turn of the last chatter, plus one
  std::size_t last_placed_ = static_cast<std::size_t>(-1); ///< unit of the last line
  std::size_t last_background_ = static_cast<std::size_t>(-1);
  enum class section { wanted, bullets, background, out, questions, optional, criteria };
  section section_ = section::wanted;
};

} // namespace troupe::rules
