# gnuplot -e "format='svg'" pareto.gp, or pdf, or png
if (!exists("format")) format = "svg"
if (format eq "png") { set terminal pngcairo size 1000,820 font "DejaVu Sans,11" }
if (format eq "pdf") { set terminal pdfcairo size 10.00in,8.20in font "DejaVu Sans,11" }
if (format eq "svg") { set terminal svg size 1000,820 font "DejaVu Sans,11" }
set output "pareto" . "." . format
set encoding utf8
set grid lt 1 lw 0.5 lc rgb "#dddddd"
set key noenhanced
set title "Accuracy against ReLUs: measured on two cores, and published" . "\n" . "[1] CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images; epochs 8 (deepreduce);" . "\n" . "criticality_epochs 2 (deepreduce); batch 64 (deepreduce, teacher); width 8 (model); epochs 20 (teacher); schedule \"cosine\"" . "\n" . "(teacher); float32" . "\n" . "[2] CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images; epochs 8 (finetune, mask," . "\n" . "sensitivity); schedule \"cosine\" (finetune, mask, sensitivity, teacher); batch 64 (finetune, mask, sensitivity, teacher);" . "\n" . "width 8 (model); epochs 20 (teacher); float32" . "\n" . "[3] CIFAR-10 re-encoded as JPEG, not the original pixels; 7,600 of 50,000 training images; width 8 (model); search_epochs 16" . "\n" . "(snl); finetune_epochs 8 (snl); finetune_lr 0.01 (snl); batch 64 (snl, teacher); epochs 20 (teacher); schedule \"cosine\"" . "\n" . "(teacher); float32" . "\n" . "[4] published: as collected by ReLUPruner (Li et al., AAAI 2026) from each method's paper" noenhanced
set logscale x
set xlabel "ReLUs, thousands (logarithmic)" offset 0,0.3
set ylabel "test accuracy, %; bars: standard deviation over seeds"
set key bmargin center horizontal maxcols 2 spacing 1.1 font ",9"
set offsets graph 0.02, graph 0.02, graph 0.02, graph 0.02
plot "pareto.dat" index 0 using 1:2:3 with yerrorlines lc rgb "#0072b2" pt 7 dt 1 lw 1.5 title "DeepReDuce: CIFAR-10, resnet18 width=8 [1]", \
     "pareto.dat" index 1 using 1:2:3 with yerrorlines lc rgb "#d55e00" pt 5 dt 2 lw 1.5 title "SENet post: CIFAR-10, resnet18 width=8 [2]", \
     "pareto.dat" index 2 using 1:2:3 with yerrorlines lc rgb "#009e73" pt 9 dt 3 lw 1.5 title "SENet pre: CIFAR-10, resnet18 width=8 [2]", \
     "pareto.dat" index 3 using 1:2:3 with yerrorlines lc rgb "#cc79a7" pt 11 dt 4 lw 1.5 title "SENet pre from teacher: CIFAR-10, resnet18 width=8 [2]", \
     "pareto.dat" index 4 using 1:2:3 with yerrorlines lc rgb "#56b4e9" pt 13 dt 5 lw 1.5 title "SNL: CIFAR-10, resnet18 width=8 [3]", \
     "pareto.dat" index 5 using 1:2 with points lc rgb "#333333" pt 6 title "published: CryptoNAS nas, CIFAR-10", \
     "pareto.dat" index 6 using 1:2 with points lc rgb "#666666" pt 4 title "published: DeepReDuce resnet18, CIFAR-10", \
     "pareto.dat" index 7 using 1:2 with points lc rgb "#888888" pt 8 title "published: ReLUPruner resnet18, CIFAR-10", \
     "pareto.dat" index 8 using 1:2 with points lc rgb "#aaaaaa" pt 10 title "published: SENet resnet18, CIFAR-10", \
     "pareto.dat" index 9 using 1:2 with points lc rgb "#333333" pt 12 title "published: SENet resnet18?, CIFAR-10", \
     "pareto.dat" index 10 using 1:2 with points lc rgb "#666666" pt 14 title "published: SNL resnet18, CIFAR-10", \
     "pareto.dat" index 11 using 1:2 with points lc rgb "#888888" pt 1 title "published: SNL wrn22_8, CIFAR-10"
unset output
