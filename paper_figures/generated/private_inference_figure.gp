# gnuplot -e "format='svg'" private_inference_figure.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1100,920 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 11.00in,9.20in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1100,920 font "DejaVu Sans,11" }
set output "private_inference_figure" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
unset border
unset tics
unset grid
set label 1 "no network was measured under cheetah" at graph 0.5,0.5 center noenhanced
set xrange [0:1]
set yrange [0:1]
plot NaN notitle
unset label 1
unset output
