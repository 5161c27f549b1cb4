#pragma once

#include "tools/report/evidence.h"
#include "tools/report/table.h"

namespace senet {

// A row a cell and budget, beside what is published.
Table main_table(const Source& source, const Evidence& evidence);
Table overview_table(const Source& source, const Evidence& evidence);
Table differences_table(const Source& source, const Evidence& evidence);
Table widths_table(const Source& source, const Evidence& evidence);
Table accounting_table(const Source& source, const Evidence& evidence);
Table choice_table(const Source& source, const Evidence& evidence);
Table sensitivity_table(const Source& source, const Evidence& evidence);
Table measured_table(const Source& source, const Evidence& evidence);
const std::vector<Kind<Table>>& table_kinds();

// What stands behind a row: files, environments, phases, seeds, deviations from the paper, settings. Throws (exit code
// 2) with the rows there are when none is called `id`, or more than one.
Json explained(const std::vector<Table>& tables, const std::string& id);

}  // namespace senet
