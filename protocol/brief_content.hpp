#pragma once

#include "protocol/json.hpp"

namespace troupe {

/// Where a statement comes from: a sentence of a source.
struct citation {
  std::int32_t turn = 0; ///< index of the speaker turn in the transcript, from 0
  std::string speaker;
  duration at{0};    ///< offset from the start; 0 where the form has no times
  std::string quote; ///< the sentence, word for word
  TROUPE_FIELDS(citation, turn, speaker, at, quote);
};

enum class priority { low, normal, high, urgent };
BOOST_DESCRIBE_ENUM(priority, low, normal, high, urgent)

/// One thing that is wanted, and how to tell that it is there.
struct requirement {
  std::string key;                   ///< `R1`, `R2`, … within its brief
  std::string title;                 ///< one imperative line, at most 120 characters
  std::string text;                  ///< the whole statement, self-contained
  std::vector<std::string> criteria; ///< acceptance criteria, each checkable; never empty
  std::string owner;                 ///< a person's name where one took it; else empty
  priority importance = priority::normal;
  bool optional = false;          ///< said to be nice to have
  std::vector<std::string> after; ///< keys of requirements that must be done before
  std::vector<std::string> files; ///< files named for it, if any
  std::vector<citation> cites;    ///< never empty when made from a transcript
  TROUPE_FIELDS(requirement, key, title, text, criteria, owner, importance, optional, after, files,
                cites);
};

/// A statement with its source: a decision, a question, something left out.
struct cited_statement {
  std::string text;
  std::string who; ///< decided by, asked by; may be empty
  std::vector<citation> cites;
  TROUPE_FIELDS(cited_statement, text, who, cites);
};

/// Somebody's part, as said in the meeting: `{"Farid Haddad", "reviews"}`.
struct duty {
  std::string person;
  std::string does;
  std::string due; ///< the date or day as it was said last; may be empty
  std::vector<citation> cites;
  TROUPE_FIELDS(duty, person, does, due, cites);
};

/// What is wanted and why: the content of a brief. Its canonical JSON is what an approval binds to.
struct brief_content {
  std::string title;
  std::string goal;
  std::vector<requirement> requirements;
  std::vector<cited_statement> decisions;
  std::vector<cited_statement> open_questions;
  std::vector<cited_statement> out_of_scope; ///< turned down, or put off to later
  std::vector<duty> people;
  std::string due; ///< when the whole is wanted, as said last; may be empty
  TROUPE_FIELDS(brief_content, title, goal, requirements, decisions, open_questions, out_of_scope,
                people, due);
};

/// One ticket of a plan, before it is one.
struct plan_item {
  std::string key;   ///< `1`, `2`, … within its brief, over all versions of the plan
  std::string title; ///< imperative, at most 120 characters
  std::string text;  ///< what to do, self-contained
  std::string role;  ///< role of the first stage: `dev`, `pm`, …
  std::vector<std::string> criteria;
  std::vector<std::string> blocked_by; ///< keys of items that must be done before
  std::vector<std::string> files;      ///< planned write set, for spacing of overlaps
  priority importance = priority::normal;
  std::vector<std::string> requirements; ///< keys of the brief's requirements that it serves
  std::string supersedes; ///< key of the failed item of an earlier version that it replaces
  TROUPE_FIELDS(plan_item, key, title, text, role, criteria, blocked_by, files, importance,
                requirements, supersedes);
};

/// The tickets and dependencies of one version of a plan.
struct plan_content {
  std::vector<plan_item> items;
  std::string note;                      ///< why this version exists
  duration forecast_time{0};             ///< from the critical path; 0: unknown
  std::int64_t forecast_cost_micros = 0; ///< in millionths of the currency unit
  TROUPE_FIELDS(plan_content, items, note, forecast_time, forecast_cost_micros);
};

} // namespace troupe

TROUPE_CODEC_ELSEWHERE(troupe::brief_content);
TROUPE_CODEC_ELSEWHERE(troupe::plan_item);
TROUPE_CODEC_ELSEWHERE(troupe::plan_content);
