#pragma once

#include "tools/report/evidence.h"
#include "tools/report/table.h"

namespace senet {

// What table_kinds() makes, one file each.
Table main_table(const Source& source, const Evidence& evidence);
Table overview_table(const Source& source, const Evidence& evidence);
Table differences_table(const Source& source, const Evidence& evidence);
Table widths_table(const Source& source, const Evidence& evidence);
Table trainings_table(const Source& source, const Evidence& evidence);
Table sensitivity_table(const Source& source, const Evidence& evidence);
Table measured_table(const Source& source, const Evidence& evidence);

}  // namespace senet
