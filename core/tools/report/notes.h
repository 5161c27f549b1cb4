#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace senet {

// What a reader has to know of a number: a sentence, or what a section of the settings has, "epochs 8" of "mask".
struct Note {
  Note(std::string said, std::string of_section = "") : text(std::move(said)), section(std::move(of_section)) {}
  Note(const char* said) : text(said) {}

  bool operator==(const Note& other) const { return text == other.text && section == other.section; }

  std::string text, section;
};

// Several as one text: sentences, then what sections have; sections that have the same stand together.
std::string said(const std::vector<Note>& notes);

// Numbers the notes that a mark in a table or figure stands for.
class Notes {
 public:
  // From 1; 0 for an empty note.
  size_t number(const Note& note) {
    if (note.text.empty()) return 0;
    const auto at = std::find(all_.begin(), all_.end(), note);
    if (at != all_.end()) return static_cast<size_t>(at - all_.begin()) + 1;
    all_.push_back(note);
    return all_.size();
  }
  const std::vector<Note>& all() const { return all_; }

 private:
  std::vector<Note> all_;
};

}  // namespace senet
