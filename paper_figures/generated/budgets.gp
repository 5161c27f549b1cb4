# gnuplot -e "format='svg'" budgets.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1000,620 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 10.00in,6.20in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1000,620 font "DejaVu Sans,11" }
set output "budgets" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set xtics rotate by 40 right noenhanced font ",9"
set key bmargin center horizontal font ",9"
set lmargin 11
set title "ReLUs allocated to each layer" . "\n" . "[1] CIFAR-10, resnet18 width=8; CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images;" . "\n" . "schedules not the paper's" noenhanced
set xrange [0.5:17.5]
set ylabel "ReLUs (logarithmic; none: at the bottom)"
set logscale y
set yrange [0.5:*]
plot "budgets.dat" index 0 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "pre, 5%, seed 1 [1]", \
     "budgets.dat" index 1 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pre elsewhere, 2%, seed 1 [1]", \
     "budgets.dat" index 2 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#009e73" pt 9 dt 3 lw 1.5 title "pre elsewhere, 15%, seed 1 [1]", \
     "budgets.dat" index 3 using 1:($3 > 0 ? $3 : ($3 == 0 ? 0.5 : NaN)):xtic(2) with linespoints lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 title "uniform, 5%, seed 1 [1]"
unset logscale y
unset output
