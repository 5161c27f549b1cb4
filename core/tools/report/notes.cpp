#include "tools/report/notes.h"

#include <utility>

#include "config/joined.h"

namespace senet {

std::string said(const std::vector<Note>& notes) {
  std::vector<std::string> sentences;
  std::vector<std::pair<std::string, std::vector<std::string>>> of_sections;
  for (const Note& note : notes) {
    if (note.section.empty()) {
      sentences.push_back(note.text);
      continue;
    }
    auto at = std::find_if(of_sections.begin(), of_sections.end(),
                           [&](const auto& section) { return section.first == note.section; });
    if (at == of_sections.end()) at = of_sections.insert(at, {note.section, {}});
    at->second.push_back(note.text);
  }
  std::vector<std::pair<std::vector<std::string>, std::string>> alike;  // settings, the sections that have them
  for (auto& of_section : of_sections) {
    std::vector<std::string>& settings = of_section.second;
    std::sort(settings.begin(), settings.end());
    const auto at = std::find_if(alike.begin(), alike.end(), [&](const auto& one) { return one.first == settings; });
    if (at == alike.end()) {
      alike.emplace_back(settings, of_section.first);
    } else {
      at->second += ", " + of_section.first;
    }
  }
  for (const auto& [settings, sections] : alike) sentences.push_back(sections + ": " + joined(settings, ", "));
  return joined(sentences, "; ");
}

}  // namespace senet
