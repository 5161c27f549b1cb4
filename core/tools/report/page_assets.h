#pragma once

namespace senet {

// What the page looks like (light, dark, printed, narrow), and what it does: sorting, folding, tooltips.
extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace senet
