# gnuplot -e "format='svg'" sensitivity.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1000,480 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 10.00in,4.80in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1000,480 font "DejaVu Sans,11" }
set output "sensitivity" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set multiplot layout 1,1 title "Sensitivity of each layer" noenhanced
set xtics rotate by 40 right noenhanced font ",9"
set key bmargin center horizontal font ",9"
set lmargin 11
set title "CIFAR-10, resnet18 width=8, seed 1, d = 0.1" noenhanced
set ylabel "sensitivity, share"
set yrange [0:1.05]
set xrange [0.5:17.5]
plot "sensitivity.dat" index 0 using 1:3:xtic(2) with linespoints lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "pruning: share of weights kept", \
     "sensitivity.dat" index 0 using 1:4 with linespoints lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "ReLU: 1 − pruning sensitivity", \
     "sensitivity.dat" index 1 using 1:3 with linespoints lc rgb "#000000" pt 4 dt 2 lw 1.5 title "ReLU, over the largest: authors' budgets"
unset multiplot
unset output
