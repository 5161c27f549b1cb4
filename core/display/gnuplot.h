#pragma once

#include <map>
#include <string>
#include <vector>

namespace senet {

// A text as a string of a gnuplot script.
std::string gnuplot_text(const std::string& text);

// A number of its data, in which every column has to stand: NaN, which is not drawn, where it is not known.
std::string gnuplot_number(double value, int digits);

// Why nothing can be drawn here: gnuplot, or a font for its letters, is missing, with the package that gives it. Empty
// when it is there. Only SVG needs no font.
std::string gnuplot_missing();
std::string font_missing();

// Runs gnuplot commands beside files, by name their bytes, in a folder that is then removed. Returns the bytes of the
// pictures that they make. Throws when gnuplot is missing or fails, or leaves a picture unfinished.
std::map<std::string, std::string> draw_pictures(const std::string& commands,
                                                 const std::map<std::string, std::string>& files,
                                                 const std::vector<std::string>& pictures);

}  // namespace senet
